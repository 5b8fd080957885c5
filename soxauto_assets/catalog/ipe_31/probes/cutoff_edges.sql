-- Both sides of the cut-off at the source, over the dates of all four kinds of events, per company in scope.
with
dated as (
    select t.id_company, t.created_date as event_date
    from cashrec_transaction as t
    union all
    select r.id_company, r.original_transaction_date as event_date
    from cashrec_reallocations as r
    union all
    select y.id_company, y.packlist_created_date as event_date
    from packlist_payments as y
    union all
    select d.id_company, d.oms_payment_date as event_date
    from cashdeposit as d
    union all
    select d.id_company, d.payment_reversal_date as event_date
    from cashdeposit as d
)
select
    cast(dated.id_company as varchar) as id_company,
    cast(max(dated.event_date) filter (where dated.event_date < :period_end) as timestamp(3)) as last_before,
    cast(min(dated.event_date) filter (where dated.event_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(dated.event_date >= :period_end) as bigint) as rows_after
from dated
where exists (
    select 1
    from dim_company as c
    where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(dated.id_company, ' +\z', ''))
        and c.flg_in_conso_scope = 1
        and lower(regexp_replace(c.company_country, ' +\z', '')) not in (:excluded_countries_ipe31)
)
group by dated.id_company
