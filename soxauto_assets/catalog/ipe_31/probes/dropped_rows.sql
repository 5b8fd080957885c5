-- Events that drop out because something is missing, by reason. The company comes first: of a company out of scope every
-- event up to the cut-off is counted. Lists count with what was received, payments with a minus.
with
deposit as (
    select distinct
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(d.oms_payment_no, ' +\z', '')) as payment_key,
        lower(regexp_replace(d.oms_type, ' +\z', '')) as type_key, d.oms_payment_date, d.payment_reversal_date
    from cashdeposit as d
),
dated as (
    select
        t.id_company, t.transaction_type, t.transaction_list_nr, t.transaction_list_date,
        cast(t.amount as decimal(38,4)) as amount,
        case lower(regexp_replace(t.transaction_type, ' +\z', ''))
            when 'transfer to' then coalesce(deposit.oms_payment_date, t.created_date)
            when 'third party collection' then coalesce(deposit.oms_payment_date, t.created_date)
            when 'payment - rev' then coalesce(deposit.payment_reversal_date, t.created_date)
            else t.created_date
        end as event_date
    from cashrec_transaction as t
    left join deposit
        on deposit.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and deposit.payment_key = lower(regexp_replace(t.related_entity, ' +\z', ''))
        and deposit.type_key = case lower(regexp_replace(t.transaction_type, ' +\z', ''))
            when 'transfer to' then 'transfer'
            when 'third party collection' then 'payment'
            when 'payment - rev' then 'payment'
        end
    where t.transaction_type is null
        or lower(regexp_replace(t.transaction_type, ' +\z', '')) not in (:excluded_transaction_types_ipe31)
),
list as (
    select
        lower(regexp_replace(y.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(y.packlist_no, ' +\z', '')) as list_key,
        max(y.amount_received) as received, max(y.packlist_status) as status, max(y.packlist_created_date) as created_date,
        count(y.payment_reconciled_amount) as reconciled
    from packlist_payments as y
    group by lower(regexp_replace(y.id_company, ' +\z', '')), lower(regexp_replace(y.packlist_no, ' +\z', ''))
),
candidate as (
    select
        lower(regexp_replace(t.id_company, ' +\z', '')) as company_key, t.amount,
        case
            when t.transaction_type is null then 'transaction type is null'
            when t.event_date is null then 'event date is null'
            when t.amount is null then 'amount is null'
            when t.transaction_list_nr is not null
                and t.transaction_list_date is null
                and not exists (
                    select 1
                    from packlist_packages as p
                    where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                        and lower(regexp_replace(p.packlist_no, ' +\z', ''))
                            = lower(regexp_replace(t.transaction_list_nr, ' +\z', ''))
                        and (
                            lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingapproval'
                            or (
                                lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingconfirmation'
                                and not exists (
                                    select 1
                                    from list
                                    where list.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
                                        and list.list_key = lower(regexp_replace(p.packlist_no, ' +\z', ''))
                                        and list.reconciled > 0
                                )
                            )
                        )
                ) then 'settling list without a date'
        end as reason
    from dated as t
    where t.event_date < :period_end or t.event_date is null
    union all
    select
        lower(regexp_replace(r.id_company, ' +\z', '')) as company_key, cast(r.amount as decimal(38,4)) as amount,
        case
            when r.original_transaction_date is null or r.reallocated_transaction_date is null
                then 'reallocation without a date'
        end as reason
    from cashrec_reallocations as r
    where (r.original_transaction_date < :period_end or r.original_transaction_date is null)
        and (r.reallocated_transaction_date >= :period_end or r.reallocated_transaction_date is null)
    union all
    select
        list.company_key, cast(list.received as decimal(38,4)) as amount,
        case
            when list.created_date is null then 'list without a created date'
            when list.status is null then 'list status is null'
            when list.reconciled = 0 then 'list without a reconciled amount'
        end as reason
    from list
    where (list.created_date < :period_end or list.created_date is null)
        and (
            list.status is null
            or lower(regexp_replace(list.status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        )
    union all
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key,
        cast('0' as decimal(38,4)) - cast(coalesce(d.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            - cast(coalesce(d.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as amount,
        case
            when d.oms_payment_date is null then 'payment without a date'
            when d.payment_status is null then 'payment status is null'
        end as reason
    from cashdeposit as d
    where (d.oms_payment_date < :period_end or d.oms_payment_date is null)
        and (
            d.payment_status is null
            or lower(regexp_replace(d.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        )
),
company as (
    select lower(regexp_replace(c.company_code, ' +\z', '')) as company_key, max(c.company_country) as country
    from dim_company as c
    where c.flg_in_conso_scope = 1
    group by lower(regexp_replace(c.company_code, ' +\z', ''))
),
placed as (
    select
        candidate.amount,
        case
            when company.company_key is null then 'company outside the consolidation scope'
            when company.country is null then 'company without a country'
            else candidate.reason
        end as reason
    from candidate
    left join company
        on company.company_key = candidate.company_key
    where company.country is null
        or lower(regexp_replace(company.country, ' +\z', '')) not in (:excluded_countries_ipe31)
)
select
    cast(placed.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(placed.amount) as decimal(38,4)) as amount
from placed
where placed.reason is not null
group by placed.reason
