-- IPE_31 collection accounts: what collection partners owe at the cut-off, from four kinds of open events (domain 3.12).
-- Keys are tuples, compared on lower case without trailing blanks; the output keeps the raw text.
with
company as (
    select distinct lower(regexp_replace(c.company_code, ' +\z', '')) as company_key, c.company_country
    from dim_company as c
    where c.flg_in_conso_scope = 1
),
waiting as (
    select distinct
        lower(regexp_replace(p.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(p.packlist_no, ' +\z', '')) as list_key
    from packlist_packages as p
    where lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingapproval'
        or (
            lower(regexp_replace(p.packlist_status, ' +\z', '')) = 'waitingconfirmation'
            and not exists (
                select 1
                from packlist_payments as y
                where lower(regexp_replace(y.id_company, ' +\z', '')) = lower(regexp_replace(p.id_company, ' +\z', ''))
                    and lower(regexp_replace(y.packlist_no, ' +\z', '')) = lower(regexp_replace(p.packlist_no, ' +\z', ''))
                    and y.payment_reconciled_amount is not null
            )
        )
),
deposit as (
    select distinct
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(d.oms_payment_no, ' +\z', '')) as payment_key,
        lower(regexp_replace(d.oms_type, ' +\z', '')) as type_key, d.oms_payment_date, d.payment_reversal_date
    from cashdeposit as d
),
dated_transaction as (
    select
        t.id_company, t.cp, t.transaction_type, t.related_entity, t.amount, t.transaction_list_nr, t.transaction_list_date,
        case
            when lower(regexp_replace(t.transaction_type, ' +\z', '')) in ('transfer to', 'third party collection')
                then coalesce(deposit.oms_payment_date, t.created_date)
            when lower(regexp_replace(t.transaction_type, ' +\z', '')) = 'payment - rev'
                then coalesce(deposit.payment_reversal_date, t.created_date)
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
    where lower(regexp_replace(t.transaction_type, ' +\z', '')) not in (:excluded_transaction_types_ipe31)
        and t.amount <> cast('0' as decimal(18,4))
),
list_applied as (
    select
        lower(regexp_replace(y.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(y.packlist_no, ' +\z', '')) as list_key,
        sum(cast(coalesce(y.payment_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(y.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))) as applied
    from packlist_payments as y
    where y.payment_date < :period_end
    group by lower(regexp_replace(y.id_company, ' +\z', '')), lower(regexp_replace(y.packlist_no, ' +\z', ''))
),
list_received as (
    select distinct
        y.id_company, y.collection_partner_name, y.packlist_no, y.amount_received, y.packlist_created_date
    from packlist_payments as y
    where y.packlist_created_date < :period_end
        and lower(regexp_replace(y.packlist_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        and y.payment_reconciled_amount is not null
),
payment_applied as (
    select
        lower(regexp_replace(y.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(y.oms_payment_no, ' +\z', '')) as payment_key,
        sum(cast(coalesce(y.payment_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(y.charges_reconciled_amount, cast('0' as decimal(18,4))) as decimal(38,4))) as applied
    from packlist_payments as y
    where y.packlist_created_date < :period_end
        and y.payment_date < :period_end
        and lower(regexp_replace(y.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
        and y.payment_reconciled_amount is not null
    group by lower(regexp_replace(y.id_company, ' +\z', '')), lower(regexp_replace(y.oms_payment_no, ' +\z', ''))
),
payment as (
    select distinct
        p.id_company, p.oms_payment_no, p.oms_payment_date, p.collection_partner_name,
        cast(coalesce(p.payment_amount, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(p.charges_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as paid
    from cashdeposit as p
    where p.oms_payment_date < :period_end
        and lower(regexp_replace(p.payment_status, ' +\z', '')) in ('inprogress', 'closed', 'waitingconfirmation')
),
event as (
    select
        1 as branch, t.id_company, t.event_date, t.cp, t.transaction_type, t.related_entity,
        cast(t.amount as decimal(38,4)) as amount
    from dated_transaction as t
    left join waiting
        on waiting.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and waiting.list_key = lower(regexp_replace(t.transaction_list_nr, ' +\z', ''))
    where t.event_date < :period_end
        and (t.transaction_list_nr is null or t.transaction_list_date >= :period_end or waiting.list_key is not null)
    union all
    select
        2 as branch, r.id_company, r.original_transaction_date as event_date, r.collection_partner_from as cp,
        'Reallocation' as transaction_type, r.related_entity, cast(r.amount as decimal(38,4)) as amount
    from cashrec_reallocations as r
    where r.original_transaction_date < :period_end
        and r.reallocated_transaction_date >= :period_end
    union all
    select
        3 as branch, l.id_company, l.packlist_created_date as event_date, l.collection_partner_name as cp,
        'Translist in progress' as transaction_type, l.packlist_no as related_entity,
        cast(coalesce(l.amount_received, cast('0' as decimal(18,4))) as decimal(38,4))
            - coalesce(list_applied.applied, cast('0' as decimal(38,4))) as amount
    from list_received as l
    left join list_applied
        on list_applied.company_key = lower(regexp_replace(l.id_company, ' +\z', ''))
        and list_applied.list_key = lower(regexp_replace(l.packlist_no, ' +\z', ''))
    where cast(coalesce(l.amount_received, cast('0' as decimal(18,4))) as decimal(38,4))
            > coalesce(list_applied.applied, cast('0' as decimal(38,4)))
        and not exists (
            select 1
            from collection_adj as a
            where lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(l.id_company, ' +\z', ''))
                and lower(regexp_replace(a.entity_no, ' +\z', '')) = lower(regexp_replace(l.packlist_no, ' +\z', ''))
                and lower(regexp_replace(a.entity_type, ' +\z', '')) = 'packlist'
                and a.force_closed = 1
                and (a.close_date is null or a.close_date < :period_end)
        )
    union all
    select
        4 as branch, p.id_company, p.oms_payment_date as event_date, p.collection_partner_name as cp,
        'Payment in progress' as transaction_type, p.oms_payment_no as related_entity,
        coalesce(payment_applied.applied, cast('0' as decimal(38,4))) - p.paid as amount
    from payment as p
    left join payment_applied
        on payment_applied.company_key = lower(regexp_replace(p.id_company, ' +\z', ''))
        and payment_applied.payment_key = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
    where p.paid > coalesce(payment_applied.applied, cast('0' as decimal(38,4)))
        and not exists (
            select 1
            from collection_adj as a
            where lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(p.id_company, ' +\z', ''))
                and lower(regexp_replace(a.entity_no, ' +\z', '')) = lower(regexp_replace(p.oms_payment_no, ' +\z', ''))
                and lower(regexp_replace(a.entity_type, ' +\z', '')) <> 'packlist'
                and ((a.force_closed = 1 and a.close_date is null) or a.close_date < :period_end)
        )
),
hub as (
    select distinct
        lower(regexp_replace(h.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(h.node, ' +\z', '')) as node_key, h.service_provider
    from hubs_3pl_mapping as h
),
partner as (
    select distinct
        lower(regexp_replace(n.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(n.name, ' +\z', '')) as name_key, n.type, n.erp_name
    from collection_partners as n
),
bank as (
    select
        lower(regexp_replace(b.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(b.service_provider_no, ' +\z', '')) as provider_key,
        count(distinct lower(regexp_replace(g.g_l_bank_account_no, ' +\z', ''))) as account_count,
        min(g.g_l_bank_account_no) as account_no
    from bank_accounts as b
    inner join bank_account_posting_group as g
        on lower(regexp_replace(g.id_company, ' +\z', '')) = lower(regexp_replace(b.id_company, ' +\z', ''))
        and lower(regexp_replace(g.code, ' +\z', '')) = lower(regexp_replace(b.bank_account_posting_group, ' +\z', ''))
    where lower(regexp_replace(b.service_provider_no, ' +\z', '')) <> ''
        and lower(regexp_replace(g.g_l_bank_account_no, ' +\z', '')) not in (:excluded_bank_accounts_ipe31)
    group by lower(regexp_replace(b.id_company, ' +\z', '')), lower(regexp_replace(b.service_provider_no, ' +\z', ''))
),
enriched as (
    select
        e.id_company, e.event_date, e.cp, e.transaction_type, e.related_entity, e.amount, e.branch,
        hub.service_provider, partner.type, partner.erp_name, company.company_country,
        case when bank.account_count = 1 then bank.account_no end as g_l_bank_account_no,
        coalesce(bank.account_count, 0) as bank_account_count,
        row_number() over (
            partition by e.id_company, e.event_date, e.cp, e.transaction_type, e.related_entity order by e.amount, e.branch
        ) as occurrence
    from event as e
    inner join company
        on company.company_key = lower(regexp_replace(e.id_company, ' +\z', ''))
    left join hub
        on hub.company_key = company.company_key and hub.node_key = lower(regexp_replace(e.cp, ' +\z', ''))
    left join partner
        on partner.company_key = company.company_key and partner.name_key = lower(regexp_replace(e.cp, ' +\z', ''))
    left join bank
        on bank.company_key = company.company_key and bank.provider_key = lower(regexp_replace(partner.erp_name, ' +\z', ''))
    where lower(regexp_replace(company.company_country, ' +\z', '')) not in (:excluded_countries_ipe31)
)
select
    cast(enriched.id_company as varchar) as id_company,
    cast(enriched.event_date as timestamp(3)) as event_date,
    cast(enriched.cp as varchar) as cp,
    cast(enriched.transaction_type as varchar) as transaction_type,
    cast(enriched.related_entity as varchar) as related_entity,
    cast(enriched.amount as decimal(18,4)) as amount,
    cast(enriched.service_provider as varchar) as service_provider,
    cast(enriched.type as varchar) as type,
    cast(enriched.erp_name as varchar) as erp_name,
    cast(enriched.company_country as varchar) as company_country,
    cast(:last_day as date) as closing_date,
    cast(enriched.g_l_bank_account_no as varchar) as g_l_bank_account_no,
    cast(enriched.branch as bigint) as branch,
    cast(enriched.bank_account_count as bigint) as bank_account_count,
    cast(enriched.occurrence as bigint) as occurrence
from enriched
