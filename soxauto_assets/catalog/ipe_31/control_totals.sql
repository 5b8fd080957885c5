-- Independent of extract.sql: each branch is totalled by itself; what is applied, waiting or closed is asked by value and by
-- existence, never joined.
with
dated as (
    select
        t.id_company, t.transaction_type, t.transaction_list_nr, t.transaction_list_date,
        cast(t.amount as decimal(38,4)) as amount,
        coalesce(
            case lower(regexp_replace(t.transaction_type, ' +\z', ''))
                when 'transfer to' then (
                    select max(d.oms_payment_date)
                    from cashdeposit as d
                    where lower(regexp_replace(d.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                        and lower(regexp_replace(d.oms_payment_no, ' +\z', ''))
                            = lower(regexp_replace(t.related_entity, ' +\z', ''))
                        and lower(regexp_replace(d.oms_type, ' +\z', '')) = 'transfer'
                )
                when 'third party collection' then (
                    select max(d.oms_payment_date)
                    from cashdeposit as d
                    where lower(regexp_replace(d.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                        and lower(regexp_replace(d.oms_payment_no, ' +\z', ''))
                            = lower(regexp_replace(t.related_entity, ' +\z', ''))
                        and lower(regexp_replace(d.oms_type, ' +\z', '')) = 'payment'
                )
                when 'payment - rev' then (
                    select max(d.payment_reversal_date)
                    from cashdeposit as d
                    where lower(regexp_replace(d.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                        and lower(regexp_replace(d.oms_payment_no, ' +\z', ''))
                            = lower(regexp_replace(t.related_entity, ' +\z', ''))
                        and lower(regexp_replace(d.oms_type, ' +\z', '')) = 'payment'
                )
            end,
            t.created_date
        ) as event_date
    from cashrec_transaction as t
    where lower(regexp_replace(t.transaction_type, ' +\z', '')) not in (:excluded_transaction_types_ipe31)
        and exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
                and lower(regexp_replace(c.company_country, ' +\z', '')) not in (:excluded_countries_ipe31)
        )
),
list_open as (
    select
        y.id_company, y.packlist_no, y.packlist_created_date,
        cast(coalesce(max(y.amount_received), cast('0' as decimal(18,4))) as decimal(38,4)) - coalesce(
            (
                select sum(cast(coalesce(x.payment_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
                    + cast(coalesce(x.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4)))
                from packlist_payments as x
                where lower(regexp_replace(x.id_company, ' +\z', '')) = lower(regexp_replace(y.id_company, ' +\z', ''))
                    and lower(regexp_replace(x.packlist_no, ' +\z', '')) = lower(regexp_replace(y.packlist_no, ' +\z', ''))
                    and x.payment_date < :period_end
            ),
            cast('0' as decimal(38,4))
        ) as amount
    from packlist_payments as y
    where y.payment_reconciled_amount is not null
        and y.packlist_created_date < :period_end
        and lower(regexp_replace(y.packlist_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        and exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(y.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
                and lower(regexp_replace(c.company_country, ' +\z', '')) not in (:excluded_countries_ipe31)
        )
        and not exists (
            select 1
            from collection_adj as a
            where lower(regexp_replace(a.entity_type, ' +\z', '')) = 'packlist'
                and lower(regexp_replace(a.entity_no, ' +\z', '')) = lower(regexp_replace(y.packlist_no, ' +\z', ''))
                and lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(y.id_company, ' +\z', ''))
                and a.force_closed = 1
                and coalesce(a.close_date, :period_start) < :period_end
        )
    group by y.id_company, y.packlist_no, y.packlist_created_date, y.amount_received, y.collection_partner_name
),
payment_once as (
    select
        p.id_company, p.oms_payment_no, p.oms_payment_date,
        cast(coalesce(p.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(p.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as paid
    from cashdeposit as p
    where p.oms_payment_date < :period_end
        and lower(regexp_replace(p.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        and exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(p.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
                and lower(regexp_replace(c.company_country, ' +\z', '')) not in (:excluded_countries_ipe31)
        )
        and not exists (
            select 1
            from collection_adj as a
            where lower(regexp_replace(a.entity_type, ' +\z', '')) <> 'packlist'
                and lower(regexp_replace(a.entity_no, ' +\z', '')) = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
                and lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(p.id_company, ' +\z', ''))
                and (a.close_date < :period_end or (a.close_date is null and a.force_closed = 1))
        )
    group by p.id_company, p.oms_payment_no, p.oms_payment_date, p.collection_partner_name,
        cast(coalesce(p.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(p.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4))
),
payment_open as (
    select
        p.id_company, p.oms_payment_date,
        coalesce(
            (
                select sum(cast(coalesce(x.payment_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
                    + cast(coalesce(x.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4)))
                from packlist_payments as x
                where lower(regexp_replace(x.id_company, ' +\z', '')) = lower(regexp_replace(p.id_company, ' +\z', ''))
                    and lower(regexp_replace(x.oms_payment_no, ' +\z', '')) = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
                    and x.payment_date < :period_end
                    and x.packlist_created_date < :period_end
                    and lower(regexp_replace(x.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
                    and x.payment_reconciled_amount is not null
            ),
            cast('0' as decimal(38,4))
        ) - p.paid as amount
    from payment_once as p
)
select
    cast(dated.id_company as varchar) as id_company,
    cast(dated.transaction_type as varchar) as transaction_type,
    cast(count(*) as bigint) as row_count,
    cast(sum(dated.amount) as decimal(38,4)) as sum_amount,
    cast(min(dated.event_date) as timestamp(3)) as min_event_date,
    cast(max(dated.event_date) as timestamp(3)) as max_event_date
from dated
where dated.event_date < :period_end
    and dated.amount <> cast('0' as decimal(38,4))
    and not (
        dated.transaction_list_nr is not null
        and coalesce(dated.transaction_list_date, :period_start) < :period_end
        and not exists (
            select 1
            from packlist_packages as p
            where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(dated.id_company, ' +\z', ''))
                and lower(regexp_replace(p.packlist_no, ' +\z', ''))
                    = lower(regexp_replace(dated.transaction_list_nr, ' +\z', ''))
                and (
                    lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingapproval'
                    or (
                        lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingconfirmation'
                        and not exists (
                            select 1
                            from packlist_payments as x
                            where lower(regexp_replace(x.id_company, ' +\z', ''))
                                = lower(regexp_replace(p.id_company, ' +\z', ''))
                                and lower(regexp_replace(x.packlist_no, ' +\z', ''))
                                    = lower(regexp_replace(p.packlist_no, ' +\z', ''))
                                and x.payment_reconciled_amount is not null
                        )
                    )
                )
        )
    )
group by dated.id_company, dated.transaction_type
union all
select
    cast(r.id_company as varchar) as id_company,
    cast('Reallocation' as varchar) as transaction_type,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(r.amount as decimal(38,4))) as decimal(38,4)) as sum_amount,
    cast(min(r.original_transaction_date) as timestamp(3)) as min_event_date,
    cast(max(r.original_transaction_date) as timestamp(3)) as max_event_date
from cashrec_reallocations as r
where r.reallocated_transaction_date >= :period_end
    and r.original_transaction_date < :period_end
    and exists (
        select 1
        from dim_company as c
        where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(r.id_company, ' +\z', ''))
            and c.flg_in_conso_scope = 1
            and lower(regexp_replace(c.company_country, ' +\z', '')) not in (:excluded_countries_ipe31)
    )
group by r.id_company
union all
select
    cast(list_open.id_company as varchar) as id_company,
    cast('Translist in progress' as varchar) as transaction_type,
    cast(count(*) as bigint) as row_count,
    cast(sum(list_open.amount) as decimal(38,4)) as sum_amount,
    cast(min(list_open.packlist_created_date) as timestamp(3)) as min_event_date,
    cast(max(list_open.packlist_created_date) as timestamp(3)) as max_event_date
from list_open
where list_open.amount > cast('0' as decimal(38,4))
group by list_open.id_company
union all
select
    cast(payment_open.id_company as varchar) as id_company,
    cast('Payment in progress' as varchar) as transaction_type,
    cast(count(*) as bigint) as row_count,
    cast(sum(payment_open.amount) as decimal(38,4)) as sum_amount,
    cast(min(payment_open.oms_payment_date) as timestamp(3)) as min_event_date,
    cast(max(payment_open.oms_payment_date) as timestamp(3)) as max_event_date
from payment_open
where payment_open.amount < cast('0' as decimal(38,4))
group by payment_open.id_company
