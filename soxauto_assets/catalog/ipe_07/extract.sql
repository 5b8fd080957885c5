-- IPE_07 customer balances: one customer ledger entry that is open at the cut-off (domain 3.5).
-- Texts are compared on lower case without trailing blanks, as SQL Server's collation compares them; the output keeps the raw text.
with
entry_balance as (
    select d.id_company, d.cust_ledger_entry_no, sum(cast(d.amount_lcy as decimal(38,4))) as rem_amt_lcy
    from detailed_customer_ledger_entry as d
    where d.posting_date <= :last_day
    group by d.id_company, d.cust_ledger_entry_no
    having sum(cast(d.amount_lcy as decimal(38,4))) <> cast('0' as decimal(38,4))
),
customer_balance as (
    select d.id_company, d.customer_no, sum(cast(d.amount_lcy as decimal(38,4))) as balance_lcy
    from detailed_customer_ledger_entry as d
    where d.posting_date <= :last_day
    group by d.id_company, d.customer_no
),
company as (
    select distinct
        lower(regexp_replace(c.company_code, ' +\z', '')) as company_key, c.company_country, c.opco_central
    from dim_company as c
    where c.flg_in_conso_scope = 1
),
busline as (
    select distinct
        lower(regexp_replace(b.company_code, ' +\z', '')) as company_key,
        lower(regexp_replace(b.busline_code, ' +\z', '')) as busline_key,
        b.busline_vertical_name_1, b.busline_vertical_name_2, b.busline_vertical_name_3
    from dim_busline as b
),
customer as (
    select distinct
        lower(regexp_replace(c.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(c.customer_no, ' +\z', '')) as customer_key,
        c.name, c.customer_busline, c.customer_posting_group, c.stream
    from customers as c
),
posting_group as (
    select distinct
        lower(regexp_replace(g.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(g.code, ' +\z', '')) as group_key,
        g.receivables_account
    from customer_posting_group as g
),
account as (
    select distinct
        lower(regexp_replace(a.company_code, ' +\z', '')) as company_key,
        lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) as account_key,
        a.group_coa_account_no, a.group_coa_account_name
    from dim_chart_of_accounts as a
)
select
    cast(e.id_company as varchar) as id_company,
    cast(company.company_country as varchar) as company_country,
    cast(company.opco_central as varchar) as opco_central,
    cast(e.entry_no as bigint) as entry_no,
    cast(e.gl_entry_no as bigint) as gl_entry_no,
    cast(e.document_no as varchar) as document_no,
    cast(e.document_type as varchar) as document_type,
    cast(e.external_document_no as varchar) as external_document_no,
    cast(e.posting_date as date) as posting_date,
    cast(e.customer_no as varchar) as customer_no,
    cast(customer.name as varchar) as customer_name,
    cast(customer.customer_busline as varchar) as customer_busline,
    cast(e.automatically_integrated as boolean) as automatically_integrated,
    cast(customer.customer_posting_group as varchar) as currentpostinggroup,
    cast(customer.stream as varchar) as stream,
    cast(e.customer_posting_group as varchar) as customer_posting_group,
    cast(e.description as varchar) as description,
    cast(e.source_code as varchar) as source_code,
    cast(e.reason_code as varchar) as reason_code,
    cast(e.busline_code as varchar) as busline_code,
    cast(busline.busline_vertical_name_1 as varchar) as busline_vertical_name_1,
    cast(busline.busline_vertical_name_2 as varchar) as busline_vertical_name_2,
    cast(busline.busline_vertical_name_3 as varchar) as busline_vertical_name_3,
    cast(e.department_code as varchar) as department_code,
    cast(e.original_amount as decimal(18,4)) as original_amount,
    cast(e.currency as varchar) as currency,
    cast(e.original_amount_lcy as decimal(18,4)) as original_amount_lcy,
    cast(entry_balance.rem_amt_lcy as decimal(18,4)) as rem_amt_lcy,
    cast(e.open as boolean) as open,
    cast(e.due_date as date) as due_date,
    cast(e.posted_by as varchar) as posted_by,
    cast(e.destination_code as varchar) as destination_code,
    cast(e.partner_code as varchar) as partner_code,
    cast(e.ic_partner_code as varchar) as ic_partner_code,
    cast(case
        when last_day_of_month(e.due_date) < :last_day then 'Credit'
        when last_day_of_month(e.due_date) > :last_day then 'Debit'
        when last_day_of_month(e.due_date) = :last_day then 'Due Month'
    end as varchar) as debit_credit_duemonth,
    cast(posting_group.receivables_account as varchar) as receivables_account,
    cast(account.group_coa_account_no as varchar) as group_coa_account_no,
    cast(account.group_coa_account_name as varchar) as group_coa_account_name,
    cast(customer_balance.balance_lcy <> cast('0' as decimal(38,4)) as boolean) as customer_has_balance,
    cast(case
        when e.due_date is null then 'no due date'
        when date_diff('day', e.due_date, :last_day) <= 0 then '0'
        when date_diff('day', e.due_date, :last_day) <= 30 then '1-30'
        when date_diff('day', e.due_date, :last_day) <= 60 then '31-60'
        when date_diff('day', e.due_date, :last_day) <= 90 then '61-90'
        when date_diff('day', e.due_date, :last_day) <= 180 then '91-180'
        when date_diff('day', e.due_date, :last_day) <= 365 then '181-365'
        else 'over 365'
    end as varchar) as ageing_bucket
from customer_ledger_entries as e
inner join entry_balance
    on entry_balance.id_company = e.id_company and entry_balance.cust_ledger_entry_no = e.entry_no
inner join company
    on company.company_key = lower(regexp_replace(e.id_company, ' +\z', ''))
left join customer_balance
    on customer_balance.id_company = e.id_company and customer_balance.customer_no = e.customer_no
left join busline
    on busline.company_key = company.company_key
    and busline.busline_key = lower(regexp_replace(e.busline_code, ' +\z', ''))
left join customer
    on customer.company_key = company.company_key
    and customer.customer_key = lower(regexp_replace(e.customer_no, ' +\z', ''))
left join posting_group
    on posting_group.company_key = company.company_key
    and posting_group.group_key = lower(regexp_replace(e.customer_posting_group, ' +\z', ''))
left join account
    on account.company_key = company.company_key
    and account.account_key = lower(regexp_replace(posting_group.receivables_account, ' +\z', ''))
where e.posting_date <= :last_day
    and lower(regexp_replace(e.customer_posting_group, ' +\z', '')) in (:customer_posting_groups)
