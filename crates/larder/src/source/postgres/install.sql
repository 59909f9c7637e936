-- The schema `larder`: what changed, and what must stand for changes to be reported. May be run again at any time.
--
-- Functions that are `security definer` have a fixed search_path, and nobody may call them unless `larder.grant_to` says
-- so (PostgreSQL documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). Triggers fire for every
-- writer: no right is asked for when they do.

create schema if not exists larder;

create table if not exists larder.installation (
    version integer not null,
    -- Of this file: where it is the same, nothing is done.
    script text not null,
    event_triggers boolean not null default false
);

-- Up to version 1, a change had a column `id` and named its values. Whoever writes to a watched table runs a function that
-- writes such changes: so nobody may, until there are others.
do $$
declare
    part regclass;
begin
    if not exists (select from pg_catalog.pg_attribute a where a.attrelid = pg_catalog.to_regclass('larder.change')
                   and a.attname = 'id' and not a.attisdropped) then
        return;
    end if;
    for part in select c.oid from larder.watched w join pg_catalog.pg_class c on c.oid = w.oid order by c.oid loop
        -- As much as watching anew takes: to ask for more later is how two wait for each other.
        execute pg_catalog.format('lock table %s in access exclusive mode', part);
    end loop;
    drop table larder.change;
    alter table larder.watched add seconds text[] not null default '{}';
    perform pg_catalog.set_config('larder.watches_anew', 'true', true);
end
$$;

-- Unlogged: crash recovery empties it, as it does the epoch. After a crash the numbers of transactions are given out
-- again, and changes with the old numbers would be lies.
create unlogged table if not exists larder.change (
    xid xid8 not null,
    relation text not null,
    -- The row before and after: its primary key, which is null where there is no row, and the watched columns in their order.
    -- Without names: they were half of what a writer had to write. Both null: take the whole table for changed.
    old json,
    new json,
    at timestamptz not null default clock_timestamp()
);
create index if not exists change_xid on larder.change (xid);

-- All rows together are the epoch. A renewal adds a row and touches none: nobody waits for a transaction that alters a
-- table, and no order of commits can bring an old epoch back.
create unlogged table if not exists larder.epoch (
    id uuid not null,
    -- The oid of this very table: a row out of a dump is of another one.
    home oid not null,
    xid xid8 primary key,
    -- Transactions that were prepared when the epoch began. A crash took the changes they had reported, and spared them.
    orphans xid8[]
);

-- Unlogged and of this table, like the epoch: a floor out of another life could lie above every number to come.
create unlogged table if not exists larder.floor (
    home oid not null,
    xid xid8 not null
);

create table if not exists larder.watched (
    -- As changes name it.
    relation text primary key,
    oid oid not null,
    schema_name text not null,
    table_name text not null,
    columns text[] not null,
    threshold integer not null,
    -- The columns that the function reads, with their types.
    shape text not null,
    function_name text not null,
    -- A hash of the function's text.
    body text not null,
    version integer not null,
    -- The columns whose values are told in seconds.
    seconds text[] not null default '{}'
);

-- Whatever is written to the epoch, by a restore too, is a new one.
create or replace function larder.stamp_epoch() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    new.id := gen_random_uuid();
    new.home := tg_relid;
    new.xid := pg_current_xact_id();
    return new;
end
$$;

create or replace trigger stamp before insert on larder.epoch
    for each row execute function larder.stamp_epoch();
alter table larder.epoch enable always trigger stamp;

-- Makes everything kept so far worthless, once this transaction has been committed; with `only_if_missing`, only where
-- there is no epoch: after a crash and after a restore.
create or replace function larder.renew_epoch(only_if_missing boolean default false) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if only_if_missing then
        -- Of several nodes that find none, one makes it.
        perform pg_advisory_xact_lock(hashtextextended('larder.epoch', 0));
        if exists (select from larder.epoch e where e.home = e.tableoid) then
            return;
        end if;
        -- What a dump brought along has the numbers of another life.
        delete from larder.change;
        delete from larder.floor;
        delete from larder.epoch;
    end if;
    insert into larder.epoch (id, home, xid, orphans)
    values (gen_random_uuid(), 'larder.epoch'::regclass, pg_current_xact_id(), case when only_if_missing then
        (select array_agg(x) from pg_snapshot_xip(pg_current_snapshot()) x
         where exists (select from pg_prepared_xacts p where p.transaction = x::xid)) end)
    -- Once in a transaction is enough.
    on conflict (xid) do nothing;
end
$$;

-- Deletes changes older than `age` and raises the floor above them; returns how many. Only what lies below the oldest
-- open transaction goes: a higher floor would make everything worthless that is read while that transaction lasts.
create or replace function larder.prune(age interval) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    gone bigint;
    last xid8;
begin
    with deleted as (
        delete from larder.change c
        where c.xid < pg_snapshot_xmin(pg_current_snapshot()) and c.at < clock_timestamp() - age
        returning c.xid
    )
    select count(*), max(d.xid) into gone, last from deleted d;
    if gone > 0 then
        last := ((last::text)::bigint + 1)::text::xid8;
        update larder.floor f set xid = greatest(f.xid, last) where f.home = f.tableoid;
        if not found then
            insert into larder.floor (home, xid) values ('larder.floor'::regclass, last);
        end if;
    end if;
    return gone;
end
$$;

-- The poll: one look at one moment, since a stable function sees what the statement sees that calls it. As a function,
-- because its plans are kept: planning the same as a plain statement took three times as long as all of this does.
--
-- The two conditions are on one index each: by `xmin`, all that was committed since the oldest open transaction began would
-- be read at every poll. The plan is the same for an empty and for a full table (and `enable_seqscan = off` makes costs
-- beyond all measure, for which the compiler for expressions would be started).
create or replace function larder.poll(
    seen_xmax xid8, seen_xip xid8[], most integer,
    out incarnation text, out snapshot text, out floor text, out number bigint, out changes text
) returns record
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
    snapshot := pg_current_snapshot();
    incarnation := (
        select string_agg(case when e.orphans is null then e.id::text else e.id || ':' || (
            select count(*) from unnest(e.orphans) orphan
            where not pg_visible_in_snapshot(orphan, pg_current_snapshot())) end, ',' order by e.id)
        from larder.epoch e where e.home = e.tableoid);
    if incarnation is null then
        return;
    end if;
    -- The first eight digits of a WAL file's name are the timeline. The system identifier is left out: it is read from a
    -- file, for a fifth more time, and the id of an epoch is random already.
    incarnation := concat_ws(' ', incarnation, extract(epoch from pg_postmaster_start_time()),
        (select d.oid from pg_database d where d.datname = current_database()),
        left(pg_walfile_name(pg_current_wal_insert_lsn()), 8));
    floor := coalesce((select max(f.xid) from larder.floor f where f.home = f.tableoid), '0');
    if seen_xmax is null then
        number := 0;
        return;
    end if;
    select count(*), case when count(*) between 1 and most then
        json_agg(json_build_array(c.xid::text, c.relation, c.old, c.new)) end
    into number, changes
    from (
        select * from larder.change c
        where (c.xid >= seen_xmax or c.xid = any (seen_xip))
            -- Rows out of a dump can have numbers that are yet to come. Said so that the index can't serve it: once the table
            -- was analyzed, all that is below would be read at every poll.
            and (c.xid < pg_snapshot_xmax(pg_current_snapshot())) is true
        order by c.at limit most + 1
    ) c;
    -- At the same moment: whoever sees a table watched anew sees a new epoch too, and relies on nothing of before.
    if changes is not null then
        changes := concat('[', (select coalesce(json_object_agg(w.relation, json_build_array(w.columns, w.seconds)), '{}')
                                from larder.watched w), ',', changes, ']');
    end if;
end
$$;

-- Every table whose rows a watched table shows: itself, its partitions, whatever inherits from it.
create or replace function larder.parts(out relation text, out root oid, out part oid) returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with recursive parts (relation, root, part) as (
        select w.relation, w.oid, w.oid from larder.watched w
        union
        select p.relation, p.root, i.inhrelid from parts p join pg_inherits i on i.inhparent = p.part
    )
    select * from parts
$$;

-- TRUNCATE fires no row trigger. The argument is the name of the watched table.
create or replace function larder.report_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into larder.change (xid, relation) values (pg_current_xact_id(), tg_argv[0]);
    return null;
end
$$;

-- The trigger for TRUNCATE on this table and its partitions, where there is none.
create or replace function larder.report_truncates(watched_relation text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    bare regclass;
begin
    for bare in
        select p.part from larder.parts() p join pg_class c on c.oid = p.part
        where p.relation = watched_relation and c.relkind in ('r', 'p')
            and not exists (select from pg_trigger t where t.tgrelid = p.part and t.tgname = 'larder_truncate')
    loop
        -- The event trigger may have been quicker: it runs within what the last turn of this loop did.
        continue when exists (select from pg_trigger t where t.tgrelid = bare and t.tgname = 'larder_truncate');
        execute format(
            'create trigger larder_truncate after truncate on %s for each statement '
            'execute function larder.report_truncate(%L)', bare, watched_relation);
        execute format('alter table only %s enable always trigger larder_truncate', bare);
    end loop;
end
$$;

-- A column's value as a change carries it: SQL for an expression that becomes JSON and fails for no value. It is part of a
-- function without a search_path of its own, so every name in it has its schema.
--
-- Points in time become seconds since 1970 UTC, which the poll makes microseconds of: to multiply costs its writer more. What
-- no node can compare as PostgreSQL does becomes `[]`, which says "there, but not known": types that are not listed, texts
-- under a collation by which different bytes may be equal, long texts. Casts that users have made to json are never called: this runs with the rights of the schema's owner.
create or replace function larder.carried(value text, type oid, modifier integer, collation_oid oid) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    base oid := type;
    kind "char";
begin
    loop
        select t.typtype, case when t.typtype = 'd' then t.typbasetype else base end into kind, base
        from pg_type t where t.oid = base;
        exit when kind is distinct from 'd';
    end loop;
    return case
        when base in ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype,
                      'uuid'::regtype, 'date'::regtype)
            then format('(%s)::pg_catalog.%I', value, (select t.typname from pg_type t where t.oid = base))
        -- As eight bytes, whose shortest text tells all of them apart.
        when base in ('float4'::regtype, 'float8'::regtype)
            then format('(%s)::float8', value)
        when base in ('timestamptz'::regtype, 'timestamp'::regtype)
            then format('extract(epoch from %s)', value)
        -- Of at most so many characters anyway.
        when base = 'varchar'::regtype and modifier between 4 and 4 + 256
            and coalesce((select c.collisdeterministic from pg_collation c where c.oid = collation_oid), true)
            then format('(%s)::pg_catalog.text', value)
        when kind = 'e' or base in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
            and coalesce((select c.collisdeterministic from pg_collation c where c.oid = collation_oid), true)
            then format('case when pg_catalog.octet_length((%1$s)::pg_catalog.text) operator(pg_catalog.>) 1024 '
                        'then ''[]''::pg_catalog.json else pg_catalog.to_json((%1$s)::pg_catalog.text) end', value)
        -- The words of a document, of a few hundred at most. None at all is `[]` as well: that says less than could be said.
        when base = 'tsvector'::regtype
            then format('case when pg_catalog.length(%1$s) operator(pg_catalog.>) 500 '
                        'then ''[]''::pg_catalog.json '
                        'else pg_catalog.to_json(pg_catalog.tsvector_to_array(%1$s)) end', value)
        else '''[]''::pg_catalog.json'
    end;
end
$$;

-- The columns of a table that the function reads, with their types: the function compares before it touches any, since
-- one that was renamed would fail the write.
create or replace function larder.shape(table_oid oid, columns text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation), ', ' order by a.attname)
    from pg_attribute a where a.attrelid = table_oid and a.attname = any (columns::name[]) and not a.attisdropped
$$;

-- Those of a table's columns that are told in seconds.
create or replace function larder.seconds(table_oid oid, columns text[]) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(a.attname::text order by a.attnum), '{}')
    from pg_attribute a where a.attrelid = table_oid and a.attname = any (columns::name[]) and not a.attisdropped
        and larder.carried('', a.atttypid, a.atttypmod, a.attcollation) like 'extract(%'
$$;

-- A row as SQL: its primary key and the columns, in this order; `source` is `old` or `new`.
create or replace function larder.row_values(source text, table_oid oid, key name, columns text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select format('pg_catalog.json_build_array(%s)', string_agg(
        larder.carried(format('%s.%I', source, a.attname), a.atttypid, a.atttypmod, a.attcollation), ', ' order by n.place))
    from unnest(key::text || columns) with ordinality n (name, place)
    join pg_attribute a on a.attrelid = table_oid and a.attname = n.name and not a.attisdropped
$$;

-- How many rows of a watched table this transaction has reported, however many a savepoint took back. Whoever asks has
-- reported much: the server then takes the sum of it over after this transaction, and the next one begins at nought.
create or replace function larder.reported(watched_relation text) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp set jit = off set enable_seqscan = off as $$
begin
    perform pg_stat_force_next_flush();
    return (select count(*) from larder.change c where c.xid = pg_current_xact_id() and c.relation = watched_relation);
end
$$;

-- The text of the function that reports one table's rows.
--
-- It runs for every row that is written, so all that can be is decided here and now. It has no `set search_path`, which
-- would cost more than all the rest; every name and operator in it has its schema instead (PostgreSQL documentation, CREATE
-- FUNCTION, "Writing SECURITY DEFINER Functions Safely"). What is not there, OLD of an insert and NEW of a delete, has
-- nulls: one statement serves them all.
--
-- The server's own statistics say how much this session has reported, in this transaction and in those whose sums it has
-- not taken over yet (once a second): never less than there is, and for nothing. Only if that is above the threshold, rows
-- are counted, in a setting that ends with the transaction: to set one makes the commit look at every setting there is. A
-- savepoint that is rolled back takes back what was counted since, with the changes. (Without `track_counts`, without which
-- there is no autovacuum either, each row is told, however many.)
--
-- `guarded`: before a column is touched, they are compared with those that were watched, since one that was renamed would
-- fail the write. Where the event triggers stand, they put up another function in time.
create or replace function larder.report_body(
    watched_relation text, table_oid oid, key name, columns text[], counter text, threshold integer, guarded boolean
) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $body$
declare
    read text[] := columns || key::text;
    guards text[] := '{}';
    whole text := larder.report_whole(watched_relation, counter);
begin
    -- Whoever asks for fewer digits would have floats reported that are not what they are.
    if exists (select from pg_attribute a where a.attrelid = table_oid and a.attname = any (read)
               and larder.carried('', a.atttypid, a.atttypmod, a.attcollation) like '%::float8') then
        guards := guards || text 'pg_catalog.current_setting(''extra_float_digits'')::integer operator(pg_catalog.<=) 0';
    end if;
    if guarded then
        guards := guards || format('larder.shape(tg_relid, %L::pg_catalog.text[]) operator(pg_catalog.<>) %L', read,
                                   larder.shape(table_oid, read));
    end if;
    return format($text$
declare
    counted pg_catalog.text;
    number integer;
begin
    if pg_catalog.pg_stat_get_xact_tuples_inserted('larder.change'::pg_catalog.regclass) operator(pg_catalog.>=) %2$s then
        counted := pg_catalog.current_setting(%1$L, true);
        -- Told already: the fewer words, the sooner a bulk change is done.
        if counted operator(pg_catalog.=) 'all' then
            return null;
        end if;
        number := case when counted is null or pg_catalog.octet_length(counted) operator(pg_catalog.=) 0
            then larder.reported(%3$L) else counted::integer end;
        if number operator(pg_catalog.>=) %2$s then
            counted := pg_catalog.set_config(%1$L, 'all', true);
%4$s
        end if;
        counted := pg_catalog.set_config(%1$L, (number operator(pg_catalog.+) 1)::pg_catalog.text, true);
    end if;
%5$s    insert into larder.change (xid, relation, old, new)
    values (pg_catalog.pg_current_xact_id(), %3$L, %6$s, %7$s);
    return null;
end
$text$, 'larder.rows_' || counter, threshold, watched_relation, whole,
        (select string_agg(format(E'    if %s then\n%s\n    end if;\n', guard, whole), '') from unnest(guards) guard),
        larder.row_values('old', table_oid, key, columns), larder.row_values('new', table_oid, key, columns));
end
$body$;

-- Reports, once in a transaction, that the whole table changed: the end of a function.
create or replace function larder.report_whole(watched_relation text, counter text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select format($text$
    if coalesce(pg_catalog.current_setting(%1$L, true), '')
        operator(pg_catalog.<>) pg_catalog.pg_current_xact_id()::pg_catalog.text
    then
        insert into larder.change (xid, relation) values (pg_catalog.pg_current_xact_id(), %2$L);
        perform pg_catalog.set_config(%1$L, pg_catalog.pg_current_xact_id()::pg_catalog.text, true);
    end if;
    return null;$text$, 'larder.whole_' || counter, watched_relation)
$$;

-- Puts up the function that reports a table's rows. Called by the trigger alone, whoever writes.
create or replace function larder.put_up(function_name text, body text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    execute format('create or replace function larder.%I() returns trigger language plpgsql security definer as %L',
                   function_name, body);
    execute format('revoke all on function larder.%I() from public', function_name);
    execute format('alter function larder.%I() owner to %I', function_name,
                   (select pg_get_userbyid(n.nspowner) from pg_namespace n where n.nspname = 'larder'));
end
$$;

-- The text of a function that touches no column, and reports that the whole table changed.
create or replace function larder.blind_body(watched_relation text, function_name text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select format(E'\nbegin\n%s\nend\n',
                  larder.report_whole(watched_relation, substr(function_name, length('report_') + 1)))
$$;

-- After the columns of a watched table were altered: its function touches none of them any more, and reports that the whole
-- table changed, until the table is watched anew.
create or replace function larder.blind(watched_relation text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    named larder.watched := (select w from larder.watched w where w.relation = watched_relation);
    body text := larder.blind_body(watched_relation, named.function_name);
begin
    -- What is blind already stays: putting it up is DDL too, and would be noticed again.
    if exists (select from larder.parts() p where p.relation = watched_relation and larder.shape(
            p.part, named.columns || larder.key_column(named.oid)::text) is distinct from named.shape)
        and exists (select from pg_proc p where p.oid = to_regprocedure(format('larder.%I()', named.function_name))
                    and p.prosrc <> body)
    then
        perform larder.put_up(named.function_name, body);
    end if;
end
$$;

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

-- Whether DDL on this object can change what a watched table shows, or whether its changes are reported.
create or replace function larder.concerns(class oid, object oid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from larder.parts() p where p.part = case class
            when 'pg_class'::regclass then object
            when 'pg_trigger'::regclass then (select t.tgrelid from pg_trigger t where t.oid = object)
            when 'pg_policy'::regclass then (select l.polrelid from pg_policy l where l.oid = object)
            when 'pg_constraint'::regclass then (select c.conrelid from pg_constraint c where c.oid = object)
            when 'pg_rewrite'::regclass then (select r.ev_class from pg_rewrite r where r.oid = object) end
        union all
        select from larder.parts() p join pg_attribute a on a.attrelid = p.part
        where class = 'pg_type'::regclass and a.atttypid = object and a.attnum > 0
    )
$$;

-- With the rights of the schema's owner, because whoever runs DDL need not have any here. Nothing is done where the
-- schema is half gone: an error would keep everybody from any DDL.
create or replace function larder.after_ddl() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    relation text;
begin
    if to_regclass('larder.epoch') is null or to_regclass('larder.watched') is null then
        return;
    end if;
    if exists (select from pg_event_trigger_ddl_commands() d
               where d.schema_name is distinct from 'pg_temp'
                   and (d.schema_name = 'larder' or larder.concerns(d.classid, d.objid))) then
        for relation in select w.relation from larder.watched w loop
            perform larder.blind(relation);
            perform larder.report_truncates(relation);
        end loop;
        perform larder.renew_epoch();
    end if;
end
$$;

create or replace function larder.after_drop() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass('larder.epoch') is null or to_regclass('larder.watched') is null then
        return;
    end if;
    if exists (
        select from pg_event_trigger_dropped_objects() d
        where not d.is_temporary and (
            d.schema_name = 'larder'
            or d.object_type = 'trigger' and d.address_names[3] in ('larder_rows', 'larder_truncate')
            or d.classid = 'pg_class'::regclass and d.objid in (select w.oid from larder.watched w)
            -- The table that a policy, a rule or a constraint was on.
            or to_regclass(quote_ident(d.address_names[1]) || '.' || quote_ident(d.address_names[2])) in
                (select p.part from larder.parts() p))
    ) then
        perform larder.renew_epoch();
    end if;
end
$$;

-- All that a role needs that serves from a cache; not what watching takes.
create or replace function larder.grant_to(role name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    execute format('grant usage on schema larder to %I', role);
    execute format('grant select on larder.installation to %I', role);
    execute format('grant execute on function larder.poll(xid8, xid8[], integer), larder.renew_epoch(boolean), '
                   'larder.prune(interval), larder.faults() to %I', role);
end
$$;

-- What was watched when changes were made otherwise.
do $$
declare
    named larder.watched;
begin
    if coalesce(pg_catalog.current_setting('larder.watches_anew', true), '') <> 'true' then
        return;
    end if;
    for named in select w.* from larder.watched w loop
        if not exists (select from pg_catalog.pg_class c where c.oid = named.oid)
            or larder.objection(named.oid, named.columns) is not null then
            perform larder.put_up(named.function_name, larder.blind_body(named.relation, named.function_name));
        else
            perform larder.watch_table(named.oid, named.relation, named.columns, named.threshold);
        end if;
    end loop;
    perform larder.renew_epoch();
end
$$;

revoke all on schema larder from public;
revoke all on all functions in schema larder from public;
