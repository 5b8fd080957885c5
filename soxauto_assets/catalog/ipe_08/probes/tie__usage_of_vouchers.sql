-- IPE_08_USAGE brought to the usage of IPE_08, per company (DECISIONS B22): what reusable credit used by its definition, less what
-- no listed voucher has the code of, plus what listed vouchers were used for under another type. Each difference is a line.
with
item as (
    select
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        coalesce(lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit', false) as is_reusable,
        coalesce(cast(i.mtr_coupon_money_value as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4))) as amount
    from rpt_soi as i
    where i.package_delivery_date < :period_end
        and year(i.delivered_date) > 2014
        and lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active)
        and (i.voucher_code is not null or lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit')
),
voucher as (
    select
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(v.code, ' +\z', '')) as code_key
    from voucher_closing as v
    where cast(v.created_at as date) <= :last_day
        and v.created_at > timestamp '2016-12-31 00:00:00.000'
    group by lower(regexp_replace(v.id_company, ' +\z', '')), lower(regexp_replace(v.code, ' +\z', ''))
),
sided as (
    select
        item.company_key, item.is_reusable, voucher.code_key is not null as is_listed,
        sum(item.amount) as amount
    from item
    left join voucher
        on voucher.company_key = item.company_key
        and voucher.code_key = item.code_key
    group by item.company_key, item.is_reusable, voucher.code_key is not null
),
line as (
    select
        s.company_key, s.amount,
        case
            when s.is_listed and s.is_reusable then 'used'
            when s.is_listed then 'only in IPE_08: another voucher type'
            else 'only in IPE_08_USAGE: no listed voucher has the code'
        end as part
    from sided as s
    where s.is_listed or s.is_reusable
    union all
    select s.company_key, s.amount, 'used' as part
    from sided as s
    where s.is_listed and not s.is_reusable
)
select
    cast(line.company_key as varchar) as id_company,
    cast(line.part as varchar) as part,
    cast(sum(line.amount) as decimal(38,4)) as amount
from line
group by line.company_key, line.part
having sum(line.amount) <> cast('0' as decimal(38,4))
