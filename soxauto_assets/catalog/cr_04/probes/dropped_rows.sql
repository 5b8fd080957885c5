-- Every part of a balance that the view holds for a day of the month, in one cell. Parts are counted per account and day first.
with
counted as (
    select
        v.closing_date, v.group_coa_account_no,
        count(*) as row_count,
        coalesce(sum(cast(v.balance_at_date as decimal(38,4))), cast('0' as decimal(38,4))) as amount
    from bs_balances_view as v
    where v.closing_date >= cast(:period_start as date)
        and v.closing_date < cast(:period_end as date)
    group by v.closing_date, v.group_coa_account_no
),
candidate as (
    select
        counted.row_count, counted.amount,
        case
            when counted.closing_date < :last_day then 'closing date before the last day'
            when counted.group_coa_account_no is null then 'group account is null'
            when lower(regexp_replace(counted.group_coa_account_no, ' +\z', '')) not in (:gl_accounts)
                then 'group account not in scope'
            else 'listed'
        end as reason
    from counted
)
select
    cast(candidate.reason as varchar) as reason,
    cast(sum(candidate.row_count) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
group by candidate.reason
