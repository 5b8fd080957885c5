-- CR_03 NAV GL entries: entries of the accounts in scope whose movements of the year so far do not add up to 0 (domain 3.1).
-- Accounts are chosen by group account. Texts compare on lower case without trailing blanks; the output keeps the raw text.
with
company as (
    select distinct
        lower(regexp_replace(c.company_code, ' +\z', '')) as company_key,
        c.company_country, c.opco_central, c.flg_in_conso_scope
    from dim_company as c
    where c.flg_in_conso_scope = 1
),
account as (
    select distinct
        lower(regexp_replace(a.company_code, ' +\z', '')) as company_key,
        lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) as account_key,
        a.account_name, a.group_coa_account_no, a.group_coa_account_name
    from dim_chart_of_accounts as a
),
ifrs as (
    select distinct
        lower(regexp_replace(m.level_4_code, ' +\z', '')) as account_key, m.level_1_name, m.level_2_name, m.level_3_name
    from ifrs_mapping as m
),
open_amount as (
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key, d.gen_ledger_entry_no,
        sum(cast(d.amount as decimal(38,4))) as remaining_amount
    from detailed_gl_entry as d
    inner join account as detail_account
        on detail_account.company_key = lower(regexp_replace(d.id_company, ' +\z', ''))
        and detail_account.account_key = lower(regexp_replace(d.g_l_account_no, ' +\z', ''))
    where d.posting_date >= :year_start
        and d.posting_date <= :last_day
        and lower(regexp_replace(detail_account.group_coa_account_no, ' +\z', '')) in (:accounts_IPE_08)
    group by lower(regexp_replace(d.id_company, ' +\z', '')), d.gen_ledger_entry_no
    having sum(cast(d.amount as decimal(38,4))) <> cast('0' as decimal(38,4))
)
select
    cast(g.id_company as varchar) as id_company,
    cast(company.company_country as varchar) as company_country,
    cast(company.flg_in_conso_scope as bigint) as flg_in_conso_scope,
    cast(company.opco_central as varchar) as opco_central,
    cast(g.entry_no as bigint) as entry_no,
    cast(g.document_no as varchar) as document_no,
    cast(g.external_document_no as varchar) as external_document_no,
    cast(g.voucher_no as varchar) as voucher_no,
    cast(g.posting_date as date) as posting_date,
    cast(g.document_date as date) as document_date,
    cast(g.document_type as varchar) as document_type,
    cast(g.gl_account_no as varchar) as chart_of_accounts_no,
    cast(account.account_name as varchar) as account_name,
    cast(account.group_coa_account_no as varchar) as group_coa_account_no,
    cast(account.group_coa_account_name as varchar) as group_coa_account_name,
    cast(g.document_description as varchar) as document_description,
    cast(g.amount as decimal(18,4)) as amount,
    cast(open_amount.remaining_amount as decimal(18,4)) as remaining_amount,
    cast(g.busline_code as varchar) as busline_code,
    cast(g.department_code as varchar) as department_code,
    cast(g.bal_account_type as varchar) as bal_account_type,
    cast(g.bal_account_no as varchar) as bal_account_no,
    cast(g.bal_account_name as varchar) as bal_account_name,
    cast(g.reason_code as varchar) as reason_code,
    cast(g.source_code as varchar) as source_code,
    cast(g.reversed as boolean) as reversed,
    cast(g.user_id as varchar) as user_id,
    cast(g.g_l_creation_date as timestamp(3)) as g_l_creation_date,
    cast(g.destination_code as varchar) as destination_code,
    cast(g.partner_code as varchar) as partner_code,
    cast(g.system_created_entry as boolean) as system_created_entry,
    cast(g.source_type as varchar) as source_type,
    cast(g.source_no as varchar) as source_no,
    cast(g.ic_partner_code as varchar) as ic_partner_code,
    cast(g.vendortag_code as varchar) as vendortag_code,
    cast(g.customertag_code as varchar) as customertag_code,
    cast(g.service_period as varchar) as service_period,
    cast(ifrs.level_1_name as varchar) as level_1_name,
    cast(ifrs.level_2_name as varchar) as level_2_name,
    cast(ifrs.level_3_name as varchar) as level_3_name,
    cast(case
        when regexp_like(lower(g.document_description), 'bm|backmargin') then 'BackMargin'
        else 'Other'
    end as varchar) as entrytype
from gl_entries as g
inner join open_amount
    on open_amount.company_key = lower(regexp_replace(g.id_company, ' +\z', ''))
    and open_amount.gen_ledger_entry_no = g.entry_no
inner join company
    on company.company_key = lower(regexp_replace(g.id_company, ' +\z', ''))
left join account
    on account.company_key = company.company_key
    and account.account_key = lower(regexp_replace(g.gl_account_no, ' +\z', ''))
left join ifrs
    on ifrs.account_key = lower(regexp_replace(account.group_coa_account_no, ' +\z', ''))
