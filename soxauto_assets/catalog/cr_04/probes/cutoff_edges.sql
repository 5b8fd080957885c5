-- The month ends that the source holds on both sides of the one extracted.
select
    cast(v.id_company as varchar) as id_company,
    cast(max(v.closing_date) filter (where v.closing_date < cast(:period_end as date)) as date) as last_before,
    cast(min(v.closing_date) filter (where v.closing_date >= cast(:period_end as date)) as date) as first_after,
    cast(count_if(v.closing_date >= cast(:period_end as date)) as bigint) as rows_after
from bs_balances_view as v
where lower(regexp_replace(v.group_coa_account_no, ' +\z', '')) in (:gl_accounts)
group by v.id_company
