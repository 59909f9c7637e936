-- What nodes ask, again and again.

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
