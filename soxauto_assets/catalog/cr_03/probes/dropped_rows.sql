-- Movements of the accounts in scope that lead to no listed entry, by reason.
with
movement as (
    select d.id_company, d.gen_ledger_entry_no, sum(cast(d.amount as decimal(38,4))) as remaining
    from detailed_gl_entry as d
    where d.posting_date >= :year_start
        and d.posting_date <= :last_day
        and exists (
            select 1
            from dim_chart_of_accounts as a
            where lower(regexp_replace(a.company_code, ' +$', '')) = lower(regexp_replace(d.id_company, ' +$', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +$', '')) = lower(regexp_replace(d.g_l_account_no, ' +$', ''))
                and lower(regexp_replace(a.group_coa_account_no, ' +$', '')) in (:accounts_IPE_08)
        )
    group by d.id_company, d.gen_ledger_entry_no
),
candidate as (
    select
        m.remaining,
        case
            when m.remaining = cast('0' as decimal(38,4)) then 'cleared in the year'
            when g.entry_no is null then 'movements without a ledger entry'
            when not exists (
                select 1
                from dim_company as c
                where lower(regexp_replace(c.company_code, ' +$', '')) = lower(regexp_replace(m.id_company, ' +$', ''))
                    and c.flg_in_conso_scope = 1
            ) then 'company outside the consolidation scope'
        end as reason
    from movement as m
    left join gl_entries as g
        on g.id_company = m.id_company and g.entry_no = m.gen_ledger_entry_no
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.remaining) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
