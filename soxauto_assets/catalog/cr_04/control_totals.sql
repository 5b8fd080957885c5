-- Independent of extract.sql: balances after the day before the last day and before the next month, grouped first,
-- accounts chosen after the grouping.
with
balance as (
    select
        v.id_company, v.group_coa_account_no,
        count(*) as row_count,
        sum(cast(v.balance_at_date as decimal(38,4))) as sum_balance_at_date,
        min(v.closing_date) as min_closing_date,
        max(v.closing_date) as max_closing_date
    from bs_balances_view as v
    where v.closing_date > cast(date_add('day', -1, :last_day) as date)
        and v.closing_date < cast(:period_end as date)
    group by v.id_company, v.group_coa_account_no
)
select
    cast(balance.id_company as varchar) as id_company,
    cast(balance.group_coa_account_no as varchar) as group_coa_account_no,
    cast(balance.row_count as bigint) as row_count,
    cast(balance.sum_balance_at_date as decimal(38,4)) as sum_balance_at_date,
    cast(balance.min_closing_date as date) as min_closing_date,
    cast(balance.max_closing_date as date) as max_closing_date
from balance
where lower(regexp_replace(balance.group_coa_account_no, ' +\z', '')) in (:gl_accounts)
