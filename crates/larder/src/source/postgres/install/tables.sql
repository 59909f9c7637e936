-- The schema `larder`: what changed, and what must stand for changes to be reported. May be run again at any time.
--
-- Functions that are `security definer` have a fixed search_path, and nobody may call them unless `larder.grant_to` says
-- so (PostgreSQL documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). Triggers fire for every
-- writer: no right is asked for when they do.

create schema if not exists larder;

create table if not exists larder.installation (
    version integer not null,
    -- Of all these files: where it is the same, nothing is done.
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
