-- What each partner owes, by taking back instead of filtering: everything that happened up to the cut-off is added, and what is
-- settled, left out or closed is taken off again; a partner with no event left has no line. Whole transaction types leave as
-- groups; of lists and payments the unsettled part is what was received or paid less what was applied (domain 3.12).
with
deposit as (
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(d.oms_payment_no, ' +\z', '')) as payment_key,
        case lower(regexp_replace(d.oms_type, ' +\z', '')) when 'transfer' then 'transfer to' else 'third party collection' end
            as type_key,
        max(d.oms_payment_date) as event_date
    from cashdeposit as d
    where lower(regexp_replace(d.oms_type, ' +\z', '')) in ('transfer', 'payment')
    group by 1, 2, 3
    union all
    select
        lower(regexp_replace(d.id_company, ' +\z', '')), lower(regexp_replace(d.oms_payment_no, ' +\z', '')),
        'payment - rev', max(d.payment_reversal_date)
    from cashdeposit as d
    where lower(regexp_replace(d.oms_type, ' +\z', '')) = 'payment'
    group by 1, 2, 3
),
list_state as (
    select
        lower(regexp_replace(y.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(y.packlist_no, ' +\z', '')) as list_key,
        count(y.payment_reconciled_amount) as reconciled
    from packlist_payments as y
    group by 1, 2
),
waiting as (
    select
        lower(regexp_replace(p.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(p.packlist_no, ' +\z', '')) as list_key,
        min(case
            when lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingapproval' then 0
            when lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingconfirmation'
                then coalesce(list_state.reconciled, 0)
            else 1
        end) as settles
    from packlist_packages as p
    left join list_state
        on list_state.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and list_state.list_key = lower(regexp_replace(p.packlist_no, ' +\z', ''))
    group by 1, 2
),
happened as (
    select
        lower(regexp_replace(t.id_company, ' +\z', '')) as company_key, lower(regexp_replace(t.cp, ' +\z', '')) as cp_key,
        lower(regexp_replace(t.transaction_type, ' +\z', '')) as type_key,
        sum(cast(t.amount as decimal(38,4))) as amount, count(nullif(t.amount, cast('0' as decimal(18,4)))) as events,
        coalesce(
            sum(cast(t.amount as decimal(38,4))) filter (
                where t.transaction_list_nr is not null
                    and coalesce(t.transaction_list_date, :period_start) < :period_end
                    and coalesce(waiting.settles, 1) > 0
            ),
            cast('0' as decimal(38,4))
        ) as settled,
        count(nullif(t.amount, cast('0' as decimal(18,4)))) filter (
            where t.transaction_list_nr is not null
                and coalesce(t.transaction_list_date, :period_start) < :period_end
                and coalesce(waiting.settles, 1) > 0
        ) as settled_events
    from cashrec_transaction as t
    left join deposit
        on deposit.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and deposit.payment_key = lower(regexp_replace(t.related_entity, ' +\z', ''))
        and deposit.type_key = lower(regexp_replace(t.transaction_type, ' +\z', ''))
    left join waiting
        on waiting.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and waiting.list_key = lower(regexp_replace(t.transaction_list_nr, ' +\z', ''))
    where coalesce(deposit.event_date, t.created_date) < :period_end
    group by 1, 2, 3
),
received as (
    select y.id_company, y.collection_partner_name, y.packlist_no, coalesce(y.amount_received, cast('0' as decimal(18,4))) as received
    from packlist_payments as y
    where y.packlist_created_date < :period_end
        and y.payment_reconciled_amount is not null
        and lower(regexp_replace(y.packlist_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
    group by y.id_company, y.collection_partner_name, y.packlist_no, y.amount_received, y.packlist_created_date
),
list_applied as (
    select
        lower(regexp_replace(y.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(y.packlist_no, ' +\z', '')) as list_key,
        sum(cast(coalesce(y.payment_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))) as reconciled,
        sum(cast(coalesce(y.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))) as charges
    from packlist_payments as y
    where cast(y.payment_date as date) <= :last_day
    group by 1, 2
),
paid as (
    select
        d.id_company, d.collection_partner_name, d.oms_payment_no,
        cast(coalesce(d.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(d.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as paid
    from cashdeposit as d
    where cast(d.oms_payment_date as date) <= :last_day
        and lower(regexp_replace(d.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
    group by d.id_company, d.collection_partner_name, d.oms_payment_no, d.oms_payment_date,
        cast(coalesce(d.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(d.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4))
),
payment_applied as (
    select
        lower(regexp_replace(x.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(x.oms_payment_no, ' +\z', '')) as payment_key,
        sum(cast(x.payment_reconciled_amount as decimal(38,4))) as reconciled,
        sum(cast(coalesce(x.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))) as charges
    from packlist_payments as x
    where cast(greatest(x.payment_date, x.packlist_created_date) as date) <= :last_day
        and x.payment_reconciled_amount is not null
        and lower(regexp_replace(x.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
    group by 1, 2
),
closed as (
    select
        lower(regexp_replace(a.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(a.entity_no, ' +\z', '')) as entity_key,
        count_if(lower(regexp_replace(a.entity_type, ' +\z', '')) = 'packlist' and a.force_closed = 1) as lists,
        count_if(
            lower(regexp_replace(a.entity_type, ' +\z', '')) <> 'packlist'
            and (a.close_date is not null or a.force_closed = 1)
        ) as payments
    from collection_adj as a
    where not coalesce(a.close_date >= :period_end, false)
    group by 1, 2
),
line as (
    select h.company_key, h.cp_key, h.events - h.settled_events as events, h.amount - h.settled as amount
    from happened as h
    where h.type_key not in (:excluded_transaction_types_ipe31)
    union all
    select
        lower(regexp_replace(r.id_company, ' +\z', '')), lower(regexp_replace(r.collection_partner_from, ' +\z', '')),
        count(*), sum(cast(r.amount as decimal(38,4)))
    from cashrec_reallocations as r
    where cast(r.original_transaction_date as date) <= :last_day
        and cast(r.reallocated_transaction_date as date) > :last_day
    group by 1, 2
    union all
    select
        lower(regexp_replace(l.id_company, ' +\z', '')), lower(regexp_replace(l.collection_partner_name, ' +\z', '')),
        1,
        cast(l.received as decimal(38,4)) - coalesce(list_applied.reconciled + list_applied.charges, cast('0' as decimal(38,4)))
    from received as l
    left join list_applied
        on list_applied.company_key = lower(regexp_replace(l.id_company, ' +\z', ''))
        and list_applied.list_key = lower(regexp_replace(l.packlist_no, ' +\z', ''))
    left join closed
        on closed.company_key = lower(regexp_replace(l.id_company, ' +\z', ''))
        and closed.entity_key = lower(regexp_replace(l.packlist_no, ' +\z', ''))
    where coalesce(closed.lists, 0) = 0
        and cast(l.received as decimal(38,4))
            > coalesce(list_applied.reconciled + list_applied.charges, cast('0' as decimal(38,4)))
    union all
    select
        lower(regexp_replace(p.id_company, ' +\z', '')), lower(regexp_replace(p.collection_partner_name, ' +\z', '')),
        1,
        coalesce(payment_applied.reconciled + payment_applied.charges, cast('0' as decimal(38,4))) - p.paid
    from paid as p
    left join payment_applied
        on payment_applied.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and payment_applied.payment_key = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
    left join closed
        on closed.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and closed.entity_key = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
    where coalesce(closed.payments, 0) = 0
        and coalesce(payment_applied.reconciled + payment_applied.charges, cast('0' as decimal(38,4))) < p.paid
),
in_scope as (
    select lower(regexp_replace(c.company_code, ' +\z', '')) as company_key
    from dim_company as c
    where c.flg_in_conso_scope = 1
    group by 1
    having lower(regexp_replace(min(c.company_country), ' +\z', '')) not in (:excluded_countries_ipe31)
)
select
    cast(line.company_key as varchar) as id_company,
    cast(line.cp_key as varchar) as cp,
    cast(sum(line.events) as bigint) as row_count,
    cast(sum(line.amount) as decimal(38,4)) as amount
from line
inner join in_scope
    on in_scope.company_key = line.company_key
group by line.company_key, line.cp_key
having sum(line.events) > 0
