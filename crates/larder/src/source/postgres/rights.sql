-- Which rights the current role lacks: a sentence each, with the statement that mends it.
select format('the role %I may not %s: %s to %I;', current_user, wanted.what, wanted.mend, current_user)
from (
    select 1, 'use the schema larder', 'grant usage on schema larder',
           has_schema_privilege('larder', 'usage')
    where to_regnamespace('larder') is not null
    union all
    -- By their numbers: names in a schema that one may not use are not found.
    select 2, format('read larder.%I', c.relname), format('grant select on larder.%I', c.relname),
           has_table_privilege(c.oid, 'select')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'larder' and c.relname = 'installation'
    union all
    select 3, format('call larder.%I', p.proname),
           format('grant execute on function larder.%I(%s)', p.proname, oidvectortypes(p.proargtypes)),
           has_function_privilege(p.oid, 'execute')
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'larder' and p.proname in ('poll', 'renew_epoch', 'prune', 'faults')
) wanted (place, what, mend, granted)
where not wanted.granted
union all
select 'the schema larder is not installed in this database'
where to_regnamespace('larder') is null
order by 1
