-- Independent of extract.sql: starts from the movements, keeps every entry, and sums without asking which entry is open
-- (a settled entry adds 0). Open entries are counted one by one. Scope is tested by existence, not by join.
with
movement as (
    select
        d.id_company, d.cust_ledger_entry_no as entry_no,
        sum(cast(d.amount_lcy as decimal(38,4))) filter (where d.posting_date < cast(:period_end as date)) as remaining
    from detailed_customer_ledger_entry as d
    group by d.id_company, d.cust_ledger_entry_no
),
entry as (
    select
        e.id_company, e.posting_date, m.remaining,
        (
            select max(a.group_coa_account_no)
            from customer_posting_group as g
            inner join dim_chart_of_accounts as a
                on lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) = lower(regexp_replace(g.receivables_account, ' +\z', ''))
            where lower(regexp_replace(g.id_company, ' +\z', '')) = lower(regexp_replace(e.id_company, ' +\z', ''))
                and lower(regexp_replace(g.code, ' +\z', '')) = lower(regexp_replace(e.customer_posting_group, ' +\z', ''))
        ) as group_coa_account_no
    from customer_ledger_entries as e
    inner join movement as m
        on m.id_company = e.id_company and m.entry_no = e.entry_no
    where e.posting_date < cast(:period_end as date)
        and lower(regexp_replace(e.customer_posting_group, ' +\z', '')) in (:customer_posting_groups)
        and exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(e.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
        )
)
select
    cast(entry.id_company as varchar) as id_company,
    cast(entry.group_coa_account_no as varchar) as group_coa_account_no,
    cast(count_if(entry.remaining <> cast('0' as decimal(38,4))) as bigint) as row_count,
    cast(sum(entry.remaining) as decimal(38,4)) as sum_rem_amt_lcy,
    cast(min(entry.posting_date) filter (where entry.remaining <> cast('0' as decimal(38,4))) as date) as min_posting_date,
    cast(max(entry.posting_date) filter (where entry.remaining <> cast('0' as decimal(38,4))) as date) as max_posting_date
from entry
group by entry.id_company, entry.group_coa_account_no
having count_if(entry.remaining <> cast('0' as decimal(38,4))) > 0
