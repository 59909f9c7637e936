-- Watching a table, and no longer watching it.

create or replace function larder.refuse(reason text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception using errcode = 'LARDR', message = reason;
end
$$;

-- Why a table cannot be watched; null where it can.
create or replace function larder.objection(table_oid regclass, watched_columns text[]) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    kind "char" := (select c.relkind from pg_class c where c.oid = table_oid);
    persistence "char" := (select c.relpersistence from pg_class c where c.oid = table_oid);
    missing text;
begin
    if kind not in ('r', 'p') then
        return format('%s is a %s, and only tables can be watched', table_oid, case kind
            when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
            when 'S' then 'sequence' when 'i' then 'index' else 'composite type' end);
    end if;
    if persistence = 't' then
        return format('%s is a temporary table, which only its own session sees', table_oid);
    end if;
    if kind = 'r' and exists (select from pg_inherits i where i.inhparent = table_oid) then
        return format('tables inherit from %s, and what is written to them fires no trigger here', table_oid);
    end if;
    if larder.key_column(table_oid) is null then
        return format('%s has no primary key of one column, of a type that can be carried '
                      '(a whole number, numeric, uuid or text)', table_oid);
    end if;
    select string_agg(format('%I', name), ', ') into missing from unnest(watched_columns) name
    where not exists (select from pg_attribute a where a.attrelid = table_oid and a.attname = name
                      and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v');
    if missing is not null then
        return format('%s has no column %s (or its values are not stored)', table_oid, missing);
    end if;
    if cardinality(watched_columns) > 50 then
        return format('%s columns of %s are too many: 50 can be watched', cardinality(watched_columns), table_oid);
    end if;
    return null;
end
$$;

-- The primary key, if it is one column whose values keep their identity in a change.
create or replace function larder.key_column(table_oid oid) returns name
language sql stable set search_path = pg_catalog, pg_temp as $$
    select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    left join pg_collation c on c.oid = a.attcollation
    where i.indrelid = table_oid and i.indisprimary and i.indnkeyatts = 1
        and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'uuid'::regtype,
                           'text'::regtype, 'varchar'::regtype)
        and coalesce(c.collisdeterministic, true)
$$;

-- Reports every change of the table from now on, with these columns' values; again, with others, replaces. Returns
-- whether anything was done. Above `threshold` rows of one transaction, it reports that the whole table changed.
--
-- Needs the rights of the table's owner and of the schema's. Waits for transactions that have written to the table.
create or replace function larder.watch(table_name text, columns text[], threshold integer default 1000) returns boolean
language plpgsql as $$
declare
    table_oid oid := pg_catalog.to_regclass(table_name);
begin
    if table_oid is null then
        perform larder.refuse(pg_catalog.format('there is no table %s', table_name));
    end if;
    -- Here, and not in a function with a search_path of its own: the caller's decides how the table is called.
    return larder.watch_table(
        table_oid,
        (select case when pg_catalog.pg_table_is_visible(c.oid) then c.relname::text
                     else pg_catalog.concat(n.nspname, '.', c.relname) end
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n
             on n.oid operator(pg_catalog.=) c.relnamespace
         where c.oid operator(pg_catalog.=) table_oid),
        columns, threshold);
end
$$;

create or replace function larder.watch_table(
    table_oid regclass, name_in_changes text, watched_columns text[], watched_threshold integer
) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    objection text := larder.objection(table_oid, watched_columns);
    named larder.watched := (select w from larder.watched w where w.relation = name_in_changes);
    counter text := left(md5(name_in_changes), 16);
    function_name text := 'report_' || counter;
    key name := larder.key_column(table_oid);
    body text;
begin
    if objection is not null then
        perform larder.refuse(objection);
    end if;
    if named.oid <> table_oid and exists (select from pg_class c where c.oid = named.oid
        and c.relname = named.table_name and c.relnamespace = to_regnamespace(format('%I', named.schema_name))) then
        perform larder.refuse(format('changes of %I.%I are already reported as `%s`', named.schema_name,
                                     named.table_name, name_in_changes));
    end if;
    -- Under another name, it is another dependency.
    perform larder.unwatch_table(w.relation) from larder.watched w
    where w.oid = table_oid and w.relation <> name_in_changes;
    body := larder.report_body(name_in_changes, table_oid, key, watched_columns, counter, watched_threshold,
                               (select not i.event_triggers from larder.installation i));
    if named.oid = table_oid and named.body = md5(body) and named.threshold = watched_threshold
        and not exists (select from larder.faults_of(name_in_changes)) then
        return false;
    end if;

    insert into larder.watched values (
        name_in_changes, table_oid,
        (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = table_oid),
        (select c.relname from pg_class c where c.oid = table_oid),
        watched_columns, watched_threshold, larder.shape(table_oid, watched_columns || key::text), function_name,
        md5(body), (select i.version from larder.installation i), larder.seconds(table_oid, watched_columns))
    on conflict (relation) do update set
        oid = excluded.oid, schema_name = excluded.schema_name, table_name = excluded.table_name,
        columns = excluded.columns, threshold = excluded.threshold, shape = excluded.shape,
        function_name = excluded.function_name, body = excluded.body, version = excluded.version, seconds = excluded.seconds;
    -- After the row: putting it up is DDL, at which every function that no longer fits its row is blinded.
    perform larder.put_up(function_name, body);

    execute format('drop trigger if exists larder_rows on %s', table_oid);
    execute format('create trigger larder_rows after insert or update or delete on %s for each row '
                   'execute function larder.%I()', table_oid, function_name);
    -- Also for what logical replication applies, and under session_replication_role = replica.
    execute format('alter table %s enable always trigger larder_rows', table_oid);
    perform larder.drop_truncates(name_in_changes);
    perform larder.report_truncates(name_in_changes);
    perform larder.renew_epoch();
    return true;
end
$$;

create or replace function larder.drop_truncates(watched_relation text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    part regclass;
begin
    for part in select p.part from larder.parts() p join pg_class c on c.oid = p.part
        where p.relation = watched_relation and c.relkind in ('r', 'p')
    loop
        execute format('drop trigger if exists larder_truncate on %s', part);
    end loop;
end
$$;

-- Reports changes of the table no longer. Returns whether they were.
create or replace function larder.unwatch(table_name text) returns boolean
language plpgsql as $$
begin
    return larder.unwatch_table(coalesce(
        (select w.relation from larder.watched w
         where w.oid operator(pg_catalog.=) pg_catalog.to_regclass(unwatch.table_name)::oid),
        unwatch.table_name));
end
$$;

create or replace function larder.unwatch_table(watched_relation text) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    named larder.watched := (select w from larder.watched w where w.relation = watched_relation);
begin
    if named is null then
        return false;
    end if;
    if exists (select from pg_class c where c.oid = named.oid) then
        execute format('drop trigger if exists larder_rows on %s', named.oid::regclass);
        perform larder.drop_truncates(watched_relation);
    end if;
    delete from larder.watched w where w.relation = watched_relation;
    execute format('drop function if exists larder.%I()', named.function_name);
    perform larder.renew_epoch();
    return true;
end
$$;
