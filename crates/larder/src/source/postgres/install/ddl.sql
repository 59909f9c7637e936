-- What follows when somebody alters a watched table; called by the event triggers.

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
