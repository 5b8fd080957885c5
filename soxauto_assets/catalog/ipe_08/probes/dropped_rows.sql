-- Every voucher of the source, each in one cell with the amount issued. Independent of extract.sql: nothing is filtered or joined,
-- days and years are compared instead of instants. Uses of a voucher that count nowhere are left out by IPE_08_USAGE.
with
voucher as (
    select
        v.discount_amount,
        case
            when coalesce(lower(regexp_replace(v.id_company, ' +\z', '')) in (:id_companies_active), false) = false
                then 'company not in the list'
            when v.created_at is null then 'created_at is null'
            when cast(v.created_at as date) > :last_day then 'created after the cut-off'
            when year(v.created_at) < 2017 and not v.created_at > timestamp '2016-12-31 00:00:00.000'
                then 'created on or before 2016-12-31'
            else 'listed'
        end as reason
    from voucher_closing as v
)
select
    cast(voucher.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(voucher.discount_amount as decimal(38,4))) as decimal(38,4)) as amount
from voucher
group by voucher.reason
