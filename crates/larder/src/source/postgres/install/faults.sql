-- What keeps changes from being reported.

-- What keeps this table's changes from being reported, a sentence each.
create or replace function larder.faults_of(watched_relation text) returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    named larder.watched := (select w from larder.watched w where w.relation = watched_relation);
    reporter oid;
begin
    if named is null then
        return;
    end if;
    reporter := to_regprocedure(format('larder.%I()', named.function_name));
    if not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where c.oid = named.oid and c.relname = named.table_name and n.nspname = named.schema_name) then
        return next format('the table %I.%I is not the one that is watched as `%s`: it was renamed, dropped or '
                           'restored', named.schema_name, named.table_name, watched_relation);
        return;
    end if;
    if not exists (select from pg_proc p where p.oid = reporter and md5(p.prosrc) = named.body and p.prosecdef) then
        return next format('the function larder.%I() is not as `watch` made it', named.function_name);
    end if;
    if larder.key_column(named.oid) is null then
        return next format('the table `%s` has no primary key of one column any more', watched_relation);
    end if;
    return query
        select format('on the table %s, the trigger %I %s', p.part::regclass, expected.name, case
            when t.oid is null then 'is missing'
            when t.tgenabled = 'D' then 'is disabled'
            when t.tgenabled <> 'A' then 'is not enabled ALWAYS'
            else 'is not as `watch` made it' end)
        from larder.parts() p
        join pg_class c on c.oid = p.part and c.relkind <> 'f'
        -- PostgreSQL's src/include/catalog/pg_trigger.h: after insert, delete and update of each row; after truncate.
        cross join (values ('larder_rows', 29, reporter),
                           ('larder_truncate', 32, to_regprocedure('larder.report_truncate()')::oid))
            expected (name, type, function)
        left join pg_trigger t on t.tgrelid = p.part and t.tgname = expected.name
        where p.relation = watched_relation
            and (t.oid is null or t.tgenabled <> 'A' or t.tgtype <> expected.type
                 or t.tgfoid is distinct from expected.function or t.tgattr <> ''
                 or t.tgqual is not null);
    return query
        select format('the table %s is a foreign table: what is written to it elsewhere is not reported', c.oid::regclass)
        from larder.parts() p join pg_class c on c.oid = p.part and c.relkind = 'f'
        where p.relation = watched_relation;
    return query
        select format('in the table %s, the columns that are watched are not what they were (%s; were %s)',
                      p.part::regclass,
                      coalesce(larder.shape(p.part, named.columns || larder.key_column(named.oid)::text), 'none'),
                      named.shape)
        from larder.parts() p
        where p.relation = watched_relation
            and larder.shape(p.part, named.columns || larder.key_column(named.oid)::text) is distinct from named.shape;
end
$$;

-- What keeps changes from being reported, a sentence each: none while all is well.
create or replace function larder.faults() returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f from larder.watched w, larder.faults_of(w.relation) f
    union all
    select format('the table larder.%I %s', expected.name, case when c.oid is null then 'is missing'
        else 'is not UNLOGGED, so a crash leaves in it what it must not' end)
    from (values ('change'), ('epoch'), ('floor')) expected (name)
    left join pg_class c on c.relname = expected.name and c.relnamespace = 'larder'::regnamespace
    where c.relpersistence is distinct from 'u'
    union all
    select format('the event trigger %I %s', expected.name,
                  case when e.oid is null then 'is missing' else 'is not enabled ALWAYS' end)
    from larder.installation i
    cross join (values ('larder_ddl'), ('larder_drop')) expected (name)
    left join pg_event_trigger e on e.evtname = expected.name
    where i.event_triggers and e.evtenabled is distinct from 'A'
    union all
    select 'the trigger that stamps the epoch is missing or not enabled ALWAYS'
    where not exists (select from pg_trigger t where t.tgrelid = 'larder.epoch'::regclass and t.tgname = 'stamp'
                      and t.tgenabled = 'A')
$$;
