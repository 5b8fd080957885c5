-- The status matrix of all order items at the cut-off: prepaid x delivered x refunded x returned, each item in one cell, named in
-- words. Independent of extract.sql: nothing is filtered and no package data are joined; each item gets its words, and whole cells
-- are summed. The extract's own cells are those of delivered items that are not prepaid: listed, or left out with the reason.
with
settled as (
    select
        lower(regexp_replace(p.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(p.package_nr, ' +\z', '')) as package_key
    from package_cashrec as p
    where p.troubleshoot_resolution_date < :period_end
    group by lower(regexp_replace(p.id_company, ' +\z', '')), lower(regexp_replace(p.package_nr, ' +\z', ''))
),
state as (
    select
        i.mtr_amount_paid,
        case
            when i.is_prepayment is null then 'prepayment flag is null'
            when i.is_prepayment = 0 then 'not prepaid'
            else 'prepaid'
        end as prepaid,
        case when i.delivered_date < :period_end then 'delivered' else 'not delivered' end as delivered,
        case when i.refund_date < :period_end then 'refunded' else 'not refunded' end as refunded,
        case when i.return_date < :period_end then 'returned' else 'not returned' end as returned,
        case
            when year(i.delivered_date) < 2019 then 'delivered before 2019'
            when i.payment_method is null then 'payment method is null'
            when lower(regexp_replace(i.payment_method, ' +\z', '')) = 'nopayment' then 'nothing to pay'
            when settled.package_key is not null then 'package settled'
            else 'listed'
        end as package
    from rpt_soi as i
    left join settled
        on settled.company_key = lower(regexp_replace(i.id_company, ' +\z', ''))
        and settled.package_key = lower(regexp_replace(i.package_number, ' +\z', ''))
),
named as (
    select
        s.mtr_amount_paid,
        case
            when s.prepaid <> 'not prepaid' or s.delivered <> 'delivered'
                then concat(s.prepaid, ', ', s.delivered, ', ', s.refunded, ', ', s.returned)
            when s.package = 'listed' then 'listed'
            else concat(s.prepaid, ', ', s.delivered, ', ', s.refunded, ', ', s.returned, ': ', s.package)
        end as reason
    from state as s
)
select
    cast(n.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(cast(n.mtr_amount_paid as decimal(38,4))), cast('0' as decimal(38,4))) as decimal(38,4)) as amount
from named as n
group by n.reason
