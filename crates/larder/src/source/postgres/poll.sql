-- One statement, so one snapshot: which life this is, what it sees, and what changed since the last poll.
select
    (select string_agg(
        e.id || coalesce(':' || (select count(*) from unnest(e.orphans) orphan
                                 where not pg_visible_in_snapshot(orphan, pg_current_snapshot())), ''),
        ',' order by e.id)
     from larder.epoch e where e.home = e.tableoid),
    extract(epoch from pg_postmaster_start_time())::text,
    (select d.oid::text from pg_database d where d.datname = current_database()),
    -- Its first eight digits are the timeline.
    left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
    (select c.system_identifier::text from pg_control_system() c),
    pg_current_snapshot()::text,
    coalesce((select max(f.xid) from larder.floor f where f.home = f.tableoid), '0')::text,
    changes.number::text,
    changes.list
from (
    select count(*) as number,
           case when count(*) <= :limit then
               json_agg(json_build_array(c.xid::text, c.relation, c.id, c.old, c.new))::text
           end as list
    from (
        select * from larder.change c
        -- Rows out of a dump can have numbers that are yet to come.
        where (:unseen) and c.xid < pg_snapshot_xmax(pg_current_snapshot())
        order by c.at limit :limit + 1
    ) c
) changes
