-- Opening balance + movements = closing balance, month by month: what each month end of the twelve months moved from the one
-- before it. A balance counts for its own month end and, turned round, for the next one, so that no month end is joined to another;
-- a month end that the view does not hold counts as 0.
with
balance as (
    select
        v.id_company, lower(regexp_replace(v.group_coa_account_no, ' +\z', '')) as group_account,
        v.closing_date as month_end, sum(cast(v.balance_at_date as decimal(38,4))) as amount
    from bs_balances_view as v
    where v.closing_date = last_day_of_month(v.closing_date)
        and lower(regexp_replace(v.group_coa_account_no, ' +\z', '')) in (:accounts_IPE_08)
        and exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(v.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
        )
    group by v.id_company, lower(regexp_replace(v.group_coa_account_no, ' +\z', '')), v.closing_date
),
change as (
    select balance.id_company, balance.group_account, balance.month_end, balance.amount
    from balance
    union all
    select
        balance.id_company, balance.group_account,
        last_day_of_month(cast(date_add('day', 1, balance.month_end) as date)) as month_end,
        cast('0' as decimal(38,4)) - balance.amount as amount
    from balance
)
select
    cast(change.id_company as varchar) as id_company,
    cast(change.group_account as varchar) as group_account,
    cast(change.month_end as date) as month_end,
    cast(sum(change.amount) as decimal(38,4)) as amount
from change
where change.month_end > cast(date_add('month', -12, cast(:period_end as date)) as date)
    and change.month_end <= :last_day
group by change.id_company, change.group_account, change.month_end
having sum(change.amount) <> cast('0' as decimal(38,4))
