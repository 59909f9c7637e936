-- DDL that touches a watched table makes what was kept before worthless. Needs a superuser (PostgreSQL documentation,
-- CREATE EVENT TRIGGER).
do $$
begin
    if not exists (select from pg_catalog.pg_event_trigger where evtname = 'larder_ddl') then
        create event trigger larder_ddl on ddl_command_end execute function larder.after_ddl();
    end if;
    if not exists (select from pg_catalog.pg_event_trigger where evtname = 'larder_drop') then
        create event trigger larder_drop on sql_drop execute function larder.after_drop();
    end if;
    if exists (select from pg_catalog.pg_event_trigger
               where evtname in ('larder_ddl', 'larder_drop') and evtenabled <> 'A') then
        alter event trigger larder_ddl enable always;
        alter event trigger larder_drop enable always;
    end if;
end
$$;
update larder.installation set event_triggers = true where not event_triggers;
