-- What writers tell: the functions that report the rows of a watched table, and how their text is made.

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
begin
    if pg_catalog.pg_stat_get_xact_tuples_inserted('larder.change'::pg_catalog.regclass) operator(pg_catalog.>=) %2$s then
        -- Told already: the fewer words, the sooner a bulk change is done.
        if pg_catalog.current_setting(%1$L, true) operator(pg_catalog.=) 'all' then
            return null;
        end if;
        -- Here, since each row that comes as far as a declaration pays for it. Assigned to, what is set costs no query.
        declare
            counted pg_catalog.text := pg_catalog.current_setting(%1$L, true);
            number integer := case when counted is null or pg_catalog.octet_length(counted) operator(pg_catalog.=) 0
                then larder.reported(%3$L) else counted::integer end;
        begin
            if number operator(pg_catalog.>=) %2$s then
                counted := pg_catalog.set_config(%1$L, 'all', true);
%4$s
            end if;
            counted := pg_catalog.set_config(%1$L, (number operator(pg_catalog.+) 1)::pg_catalog.text, true);
        end;
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
