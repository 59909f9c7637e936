-- Who may work here. Names are compared without regard to case.
create table gable_user (
    id bigint generated always as identity primary key,
    username text not null,
    email text not null default '',
    role text not null constraint gable_user_role check (role in ('viewer', 'editor', 'admin')),
    password_hash text not null,
    is_active boolean not null default true,
    created_at timestamp with time zone not null default now(),
    last_login_at timestamp with time zone
);
create unique index gable_user_username on gable_user (lower(username));

-- Of what somebody shows to be let in, only the SHA-256 is here: whoever reads this table can't come in with it.
create table gable_session (
    secret_hash text primary key,
    user_id bigint not null references gable_user on delete cascade,
    created_at timestamp with time zone not null,
    last_seen_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    address text not null,
    agent text not null
);
create index gable_session_user on gable_session (user_id);
create index gable_session_expires_at on gable_session (expires_at);

create table gable_token (
    id bigint generated always as identity primary key,
    user_id bigint not null references gable_user on delete cascade,
    name text not null,
    -- the first characters, so that people can tell their tokens apart
    prefix text not null,
    secret_hash text not null unique,
    scopes text not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone
);
create index gable_token_user on gable_token (user_id);

-- Logins that failed, so that all nodes count together.
create table gable_login_failure (
    id bigint generated always as identity primary key,
    account text not null,
    address text not null,
    at timestamp with time zone not null
);
create index gable_login_failure_account on gable_login_failure (account, at);
create index gable_login_failure_address on gable_login_failure (address, at);
create index gable_login_failure_at on gable_login_failure (at);

-- What was answered to a write that came with an Idempotency-Key; written in the transaction of the write itself.
create table gable_idempotency_key (
    owner text not null,
    key text not null,
    fingerprint text not null,
    status integer not null default 0,
    location text not null default '',
    body text not null default '',
    at timestamp with time zone not null,
    primary key (owner, key)
);
create index gable_idempotency_key_at on gable_idempotency_key (at);

-- The name that another system gives a listing.
create table gable_reference (
    reference text primary key,
    property_id bigint not null references properties_property on delete cascade
);
create unique index gable_reference_property on gable_reference (property_id);

-- A file that somebody has sent and not yet said yes to.
create table gable_upload (
    id text primary key,
    user_id bigint not null references gable_user on delete cascade,
    format text not null,
    name text not null,
    content bytea not null,
    at timestamp with time zone not null
);

-- What was done to each listing, by whom, and from where. Written by triggers in the transaction of the change itself, whoever
-- makes it. Of a change each field that became another with both values, of a deletion the values that were there; of a new
-- listing nothing: what it was follows from what it is and was changed to since.
create table gable_history (
    id bigint generated always as identity primary key,
    -- null where the whole table was emptied
    property_id bigint,
    -- the version that it made; of a deletion the last there was
    version bigint,
    action text not null check (action in ('created', 'changed', 'deleted', 'truncated')),
    changes jsonb not null default '{}',
    at timestamp with time zone not null,
    author text not null,
    origin text not null,
    -- the transaction
    number text
);
create index gable_history_property on gable_history (property_id, id);

-- The fields of a listing as its history tells them: texts, numbers, and prices with two places. Without a search_path of its
-- own, so that it is written out where it is called: by the function below, which has one.
create function gable_fields(listing properties_property) returns jsonb
language sql stable parallel safe as $$
    select jsonb_build_object(
        'title', listing.title, 'description', listing.description, 'price', listing.price::numeric(14, 2)::text,
        'location', listing.location, 'status', listing.status, 'kind', listing.kind, 'bedrooms', listing.bedrooms,
        'bathrooms', listing.bathrooms, 'floor_area', listing.floor_area, 'latitude', listing.latitude, 'longitude', listing.longitude,
        'created_at', to_char(listing.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
$$;

-- One row for each row that a statement wrote. As somebody who may write the history: who writes listings, Django's role say,
-- need not have that right. Says who it was as gable has said, else as the database knows it.
create function gable_note() returns trigger
language plpgsql security definer as $$
declare
    author text := coalesce(nullif(current_setting('gable.author', true), ''), session_user);
    origin text := coalesce(nullif(current_setting('gable.origin', true), ''),
                            nullif(current_setting('application_name'), ''), 'another program');
begin
    if tg_op = 'INSERT' then
        insert into gable_history (property_id, version, action, at, author, origin, number)
        select r.id, r.version, 'created', clock_timestamp(), author, origin, pg_current_xact_id()::text
        from new_rows r;
    elsif tg_op = 'DELETE' then
        insert into gable_history (property_id, version, action, changes, at, author, origin, number)
        select r.id, r.version, 'deleted', gable_fields(r), clock_timestamp(), author, origin, pg_current_xact_id()::text
        from old_rows r;
    elsif tg_op = 'UPDATE' then
        -- A listing that was given another number is one that went and one that came.
        insert into gable_history (property_id, version, action, changes, at, author, origin, number)
        select coalesce(n.id, o.id), coalesce(n.version, o.version),
            case when o.id is null then 'created' when n.id is null then 'deleted' else 'changed' end,
            case when o.id is null then '{}' when n.id is null then gable_fields(o) else (
                select coalesce(jsonb_object_agg(b.key, jsonb_build_array(b.value, a.value)), '{}')
                from jsonb_each(gable_fields(o)) b join jsonb_each(gable_fields(n)) a using (key)
                where a.value is distinct from b.value) end,
            clock_timestamp(), author, origin, pg_current_xact_id()::text
        from old_rows o full join new_rows n on n.id = o.id;
    else
        insert into gable_history (action, at, author, origin, number)
        values ('truncated', clock_timestamp(), author, origin, pg_current_xact_id()::text);
    end if;
    return null;
end
$$;

-- The same of one row, for what comes by logical replication: that fires no triggers of statements, and has no author here.
create function gable_note_replicated() returns trigger
language plpgsql security definer as $$
begin
    if tg_op = 'UPDATE' and new.id = old.id then
        insert into gable_history (property_id, version, action, changes, at, author, origin, number)
        select new.id, new.version, 'changed', coalesce(jsonb_object_agg(b.key, jsonb_build_array(b.value, a.value)), '{}'),
            clock_timestamp(), session_user, 'replication', pg_current_xact_id()::text
        from jsonb_each(gable_fields(old)) b join jsonb_each(gable_fields(new)) a using (key)
        where a.value is distinct from b.value;
        return null;
    end if;
    if tg_op <> 'INSERT' then
        insert into gable_history (property_id, version, action, changes, at, author, origin, number)
        values (old.id, old.version, 'deleted', gable_fields(old), clock_timestamp(), session_user, 'replication',
            pg_current_xact_id()::text);
    end if;
    if tg_op <> 'DELETE' then
        insert into gable_history (property_id, version, action, at, author, origin, number)
        values (new.id, new.version, 'created', clock_timestamp(), session_user, 'replication', pg_current_xact_id()::text);
    end if;
    return null;
end
$$;

do $$
begin
    -- What they name is here, whatever the search_path of whoever writes a listing.
    execute format('alter function gable_note() set search_path = pg_catalog, %I, pg_temp', current_schema());
    execute format('alter function gable_note_replicated() set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;
revoke all on function gable_note(), gable_note_replicated() from public;

create trigger gable_note_insert after insert on properties_property
    referencing new table as new_rows for each statement execute function gable_note();
create trigger gable_note_update after update on properties_property
    referencing old table as old_rows new table as new_rows for each statement execute function gable_note();
create trigger gable_note_delete after delete on properties_property
    referencing old table as old_rows for each statement execute function gable_note();
create trigger gable_note_truncate after truncate on properties_property
    for each statement execute function gable_note();
create trigger gable_note_replicated after insert or update or delete on properties_property
    for each row execute function gable_note_replicated();
alter table properties_property
    enable replica trigger gable_note_replicated,
    enable always trigger gable_note_truncate;
