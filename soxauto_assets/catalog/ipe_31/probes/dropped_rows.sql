-- Every event of the source in one cell: transactions, reallocations, lists, payments; each list and payment once, with what is
-- open of it at the cut-off. Independent of extract.sql: nothing is filtered; keys are grouped instead of made distinct, and what
-- is applied to a list is summed over its own rows. The company comes first: of one out of scope every event is counted.
with
deposit as (
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(d.oms_payment_no, ' +\z', '')) as payment_key,
        lower(regexp_replace(d.oms_type, ' +\z', '')) as type_key,
        max(d.oms_payment_date) as oms_payment_date, max(d.payment_reversal_date) as payment_reversal_date
    from cashdeposit as d
    group by
        lower(regexp_replace(d.id_company, ' +\z', '')), lower(regexp_replace(d.oms_payment_no, ' +\z', '')),
        lower(regexp_replace(d.oms_type, ' +\z', ''))
),
confirmed as (
    select
        lower(regexp_replace(y.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(y.packlist_no, ' +\z', '')) as list_key
    from packlist_payments as y
    where y.payment_reconciled_amount is not null
    group by lower(regexp_replace(y.id_company, ' +\z', '')), lower(regexp_replace(y.packlist_no, ' +\z', ''))
),
waiting as (
    select
        lower(regexp_replace(p.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(p.packlist_no, ' +\z', '')) as list_key
    from packlist_packages as p
    left join confirmed
        on confirmed.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and confirmed.list_key = lower(regexp_replace(p.packlist_no, ' +\z', ''))
    group by lower(regexp_replace(p.id_company, ' +\z', '')), lower(regexp_replace(p.packlist_no, ' +\z', ''))
    having max(
        case lower(regexp_replace(p.packlist_status, ' +\z', ''))
            when 'waitingapproval' then 1
            when 'waitingconfirmation' then case when confirmed.list_key is null then 1 else 0 end
            else 0
        end
    ) = 1
),
dated as (
    select
        t.id_company, t.amount, t.transaction_list_nr, t.transaction_list_date, waiting.list_key as waiting_key,
        lower(regexp_replace(t.transaction_type, ' +\z', '')) as type_key,
        coalesce(
            case
                when deposit.type_key is null then t.created_date
                when lower(regexp_replace(t.transaction_type, ' +\z', '')) = 'payment - rev' then deposit.payment_reversal_date
                else deposit.oms_payment_date
            end,
            t.created_date
        ) as event_date
    from cashrec_transaction as t
    left join deposit
        on deposit.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and deposit.payment_key = lower(regexp_replace(t.related_entity, ' +\z', ''))
        and deposit.type_key = case lower(regexp_replace(t.transaction_type, ' +\z', ''))
            when 'transfer to' then 'transfer'
            when 'third party collection' then 'payment'
            when 'payment - rev' then 'payment'
        end
    left join waiting
        on waiting.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and waiting.list_key = lower(regexp_replace(t.transaction_list_nr, ' +\z', ''))
),
list_row as (
    select
        y.id_company, y.packlist_no, y.packlist_created_date, y.collection_partner_name, y.amount_received,
        y.payment_reconciled_amount, lower(regexp_replace(y.packlist_status, ' +\z', '')) as status_key,
        sum(
            case
                when y.packlist_no is not null and y.payment_date < :period_end
                    then cast(coalesce(y.payment_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
                        + cast(coalesce(y.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
                else cast('0' as decimal(38,4))
            end
        ) over (
            partition by lower(regexp_replace(y.id_company, ' +\z', '')), lower(regexp_replace(y.packlist_no, ' +\z', ''))
        ) as applied
    from packlist_payments as y
),
list as (
    select
        r.id_company, r.packlist_no, r.packlist_created_date,
        count(r.status_key) as statuses,
        count_if(r.status_key in ('inprogress', 'closed', 'waitingconfirmation')) as in_progress,
        count_if(
            r.status_key in ('inprogress', 'closed', 'waitingconfirmation') and r.payment_reconciled_amount is not null
        ) as reconciled,
        cast(coalesce(r.amount_received, cast('0' as decimal(18,4))) as decimal(38,4)) - max(r.applied) as open_amount
    from list_row as r
    group by r.id_company, r.packlist_no, r.packlist_created_date, r.collection_partner_name, r.amount_received
),
list_forced as (
    select
        lower(regexp_replace(a.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(a.entity_no, ' +\z', '')) as entity_key
    from collection_adj as a
    where lower(regexp_replace(a.entity_type, ' +\z', '')) = 'packlist'
        and a.force_closed = 1
        and coalesce(a.close_date, :period_start) < :period_end
    group by lower(regexp_replace(a.id_company, ' +\z', '')), lower(regexp_replace(a.entity_no, ' +\z', ''))
),
payment as (
    select
        d.id_company, d.oms_payment_no, d.oms_payment_date,
        cast(coalesce(d.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(d.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as paid,
        count(d.payment_status) as statuses,
        count_if(
            lower(regexp_replace(d.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        ) as in_progress
    from cashdeposit as d
    group by d.id_company, d.oms_payment_no, d.oms_payment_date, d.collection_partner_name,
        cast(coalesce(d.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(d.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4))
),
payment_applied as (
    select
        lower(regexp_replace(x.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(x.oms_payment_no, ' +\z', '')) as payment_key,
        sum(
            case
                when x.payment_reconciled_amount is null then cast('0' as decimal(38,4))
                when lower(regexp_replace(x.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
                    and x.payment_date < :period_end and x.packlist_created_date < :period_end
                    then cast(x.payment_reconciled_amount as decimal(38,4))
                        + cast(coalesce(x.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
                else cast('0' as decimal(38,4))
            end
        ) as applied
    from packlist_payments as x
    group by lower(regexp_replace(x.id_company, ' +\z', '')), lower(regexp_replace(x.oms_payment_no, ' +\z', ''))
),
payment_closed as (
    select
        lower(regexp_replace(a.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(a.entity_no, ' +\z', '')) as entity_key
    from collection_adj as a
    where lower(regexp_replace(a.entity_type, ' +\z', '')) <> 'packlist'
        and (a.close_date < :period_end or (a.close_date is null and a.force_closed = 1))
    group by lower(regexp_replace(a.id_company, ' +\z', '')), lower(regexp_replace(a.entity_no, ' +\z', ''))
),
candidate as (
    select
        t.id_company, cast(t.amount as decimal(38,4)) as amount,
        case
            when t.type_key is null then 'transaction: type is null'
            when t.type_key in (:excluded_transaction_types_ipe31) then 'transaction: type is left out'
            when t.event_date is null then 'transaction: event date is null'
            when t.event_date >= :period_end then 'transaction: after the cut-off'
            when t.amount is null then 'transaction: amount is null'
            when t.amount = cast('0' as decimal(18,4)) then 'transaction: amount is 0'
            when t.transaction_list_nr is null or t.waiting_key is not null then 'listed'
            when t.transaction_list_date is null then 'transaction: settling list without a date'
            when t.transaction_list_date < :period_end then 'transaction: settled by a list'
            else 'listed'
        end as reason
    from dated as t
    union all
    select
        r.id_company, cast(r.amount as decimal(38,4)) as amount,
        case
            when r.original_transaction_date >= :period_end then 'reallocation: of a transaction after the cut-off'
            when r.reallocated_transaction_date < :period_end then 'reallocation: done before the cut-off'
            when r.original_transaction_date is null or r.reallocated_transaction_date is null
                then 'reallocation: without a date'
            else 'listed'
        end as reason
    from cashrec_reallocations as r
    union all
    select
        l.id_company, l.open_amount as amount,
        case
            when l.packlist_created_date is null then 'list: without a created date'
            when l.packlist_created_date >= :period_end then 'list: created after the cut-off'
            when l.statuses = 0 then 'list: status is null'
            when l.in_progress = 0 then 'list: in another status'
            when l.reconciled = 0 then 'list: without a reconciled amount'
            when l.open_amount <= cast('0' as decimal(38,4)) then 'list: nothing is open'
            when list_forced.entity_key is not null then 'list: closed by force'
            else 'listed'
        end as reason
    from list as l
    left join list_forced
        on list_forced.company_key = lower(regexp_replace(l.id_company, ' +\z', ''))
        and list_forced.entity_key = lower(regexp_replace(l.packlist_no, ' +\z', ''))
    union all
    select
        p.id_company, coalesce(payment_applied.applied, cast('0' as decimal(38,4))) - p.paid as amount,
        case
            when p.oms_payment_date is null then 'payment: without a date'
            when p.oms_payment_date >= :period_end then 'payment: after the cut-off'
            when p.statuses = 0 then 'payment: status is null'
            when p.in_progress = 0 then 'payment: in another status'
            when p.paid <= coalesce(payment_applied.applied, cast('0' as decimal(38,4))) then 'payment: nothing is open'
            when payment_closed.entity_key is not null then 'payment: closed'
            else 'listed'
        end as reason
    from payment as p
    left join payment_applied
        on payment_applied.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and payment_applied.payment_key = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
    left join payment_closed
        on payment_closed.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and payment_closed.entity_key = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
),
counted as (
    select c.id_company, c.reason, count(*) as events, sum(c.amount) as amount
    from candidate as c
    group by c.id_company, c.reason
),
company as (
    select lower(regexp_replace(c.company_code, ' +\z', '')) as company_key, max(c.company_country) as country
    from dim_company as c
    where c.flg_in_conso_scope = 1
    group by lower(regexp_replace(c.company_code, ' +\z', ''))
),
placed as (
    select
        counted.events, counted.amount,
        case
            when company.company_key is null then 'company outside the consolidation scope'
            when company.country is null then 'company without a country'
            when lower(regexp_replace(company.country, ' +\z', '')) in (:excluded_countries_ipe31) then 'country left out'
            else counted.reason
        end as reason
    from counted
    left join company
        on company.company_key = lower(regexp_replace(counted.id_company, ' +\z', ''))
)
select
    cast(placed.reason as varchar) as reason,
    cast(sum(placed.events) as bigint) as row_count,
    cast(sum(placed.amount) as decimal(38,4)) as amount
from placed
group by placed.reason
