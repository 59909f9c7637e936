-- Who may what; and what was watched before is watched again. Last of all: nobody may what is not said here.

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
