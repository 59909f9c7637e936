-- Who may work here. Names are compared without regard to case.
create table gable_user (
    id integer primary key autoincrement,
    username text not null,
    email text not null default '',
    role text not null check (role in ('viewer', 'editor', 'admin')),
    password_hash text not null,
    is_active boolean not null default true,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    last_login_at text
);
create unique index gable_user_username on gable_user (lower(username));

-- Of what somebody shows to be let in, only the SHA-256 is here: whoever reads this table can't come in with it.
create table gable_session (
    secret_hash text primary key,
    user_id integer not null references gable_user on delete cascade,
    created_at text not null,
    last_seen_at text not null,
    expires_at text not null,
    address text not null,
    agent text not null
);
create index gable_session_user on gable_session (user_id);
create index gable_session_expires_at on gable_session (expires_at);

create table gable_token (
    id integer primary key autoincrement,
    user_id integer not null references gable_user on delete cascade,
    name text not null,
    -- the first characters, so that people can tell their tokens apart
    prefix text not null,
    secret_hash text not null unique,
    scopes text not null,
    created_at text not null,
    expires_at text,
    last_used_at text
);
create index gable_token_user on gable_token (user_id);

-- Logins that failed, so that all nodes count together.
create table gable_login_failure (
    id integer primary key autoincrement,
    account text not null,
    address text not null,
    at text not null
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
    at text not null,
    primary key (owner, key)
);
create index gable_idempotency_key_at on gable_idempotency_key (at);

-- The name that another system gives a listing.
create table gable_reference (
    reference text primary key,
    property_id integer not null references properties_property on delete cascade
);
create unique index gable_reference_property on gable_reference (property_id);

-- A file that somebody has sent and not yet said yes to.
create table gable_upload (
    id text primary key,
    user_id integer not null references gable_user on delete cascade,
    format text not null,
    name text not null,
    content blob not null,
    at text not null
);

-- Who writes just now, for the triggers: a row that is there only within the transaction of gable that says so.
create table gable_author (
    only integer primary key check (only = 1),
    author text not null,
    origin text not null
);

-- What was done to each listing, by whom, and from where. Written by triggers in the transaction of the change itself, whoever
-- makes it. Of a change each field that became another with both values, of a deletion the values that were there; of a new
-- listing nothing: what it was follows from what it is and was changed to since.
create table gable_history (
    id integer primary key autoincrement,
    property_id integer,
    -- the version that it made; of a deletion the last there was
    version integer,
    action text not null check (action in ('created', 'changed', 'deleted', 'truncated')),
    changes text not null default '{}',
    at text not null default (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    author text not null default '',
    origin text not null default 'another program',
    number text
);
create index gable_history_property on gable_history (property_id, id);

create trigger gable_note_insert after insert on properties_property
begin
    insert into gable_history (property_id, version, action, author, origin)
    values (new.id, new.version, 'created',
        coalesce((select author from gable_author), ''), coalesce((select origin from gable_author), 'another program'));
end;

create trigger gable_note_delete after delete on properties_property
begin
    insert into gable_history (property_id, version, action, changes, author, origin)
    values (old.id, old.version, 'deleted',
        json_object('title', old.title, 'description', old.description,
            'price', case when old.price_cents is not null then printf('%d.%02d', old.price_cents / 100, old.price_cents % 100) end,
            'location', old.location, 'status', old.status, 'kind', old.kind, 'bedrooms', old.bedrooms,
            'bathrooms', old.bathrooms, 'floor_area', old.floor_area, 'latitude', old.latitude,
            'longitude', old.longitude, 'created_at', old.created_at),
        coalesce((select author from gable_author), ''), coalesce((select origin from gable_author), 'another program'));
end;

-- Not for the version alone: that follows by a trigger's own update, which is no change of its own. Degrees with all their digits:
-- SQLite's JSON has 15.
create trigger gable_note_update after update on properties_property
when new.id is old.id
    and (new.version is old.version
        or (new.title, new.description, new.price_cents, new.location, new.status, new.kind,
            new.bedrooms, new.bathrooms, new.floor_area, new.latitude, new.longitude, new.created_at)
        is not (old.title, old.description, old.price_cents, old.location, old.status, old.kind,
            old.bedrooms, old.bathrooms, old.floor_area, old.latitude, old.longitude, old.created_at))
begin
    insert into gable_history (property_id, version, action, changes, author, origin)
    values (new.id, case when new.version is old.version then old.version + 1 else new.version end, 'changed',
        (select json_group_object(field, json_array(before, after)) from (
            select 'title' as field, old.title as before, new.title as after
            union all select 'description', old.description, new.description
            union all select 'price',
                case when old.price_cents is not null then printf('%d.%02d', old.price_cents / 100, old.price_cents % 100) end,
                case when new.price_cents is not null then printf('%d.%02d', new.price_cents / 100, new.price_cents % 100) end
            union all select 'location', old.location, new.location
            union all select 'status', old.status, new.status
            union all select 'kind', old.kind, new.kind
            union all select 'bedrooms', old.bedrooms, new.bedrooms
            union all select 'bathrooms', old.bathrooms, new.bathrooms
            union all select 'floor_area', old.floor_area, new.floor_area
            union all select 'latitude', case when old.latitude is not null then printf('%!.17g', old.latitude) end,
                case when new.latitude is not null then printf('%!.17g', new.latitude) end
            union all select 'longitude', case when old.longitude is not null then printf('%!.17g', old.longitude) end,
                case when new.longitude is not null then printf('%!.17g', new.longitude) end
            union all select 'created_at', old.created_at, new.created_at
        ) where before is not after),
        coalesce((select author from gable_author), ''), coalesce((select origin from gable_author), 'another program'));
end;

-- A listing that was given another number is one that went and one that came.
create trigger gable_note_number after update of id on properties_property
when new.id is not old.id
begin
    insert into gable_history (property_id, version, action, changes, author, origin)
    values (old.id, old.version, 'deleted',
        json_object('title', old.title, 'description', old.description,
            'price', case when old.price_cents is not null then printf('%d.%02d', old.price_cents / 100, old.price_cents % 100) end,
            'location', old.location, 'status', old.status, 'kind', old.kind, 'bedrooms', old.bedrooms,
            'bathrooms', old.bathrooms, 'floor_area', old.floor_area, 'latitude', old.latitude,
            'longitude', old.longitude, 'created_at', old.created_at),
        coalesce((select author from gable_author), ''), coalesce((select origin from gable_author), 'another program'));
    insert into gable_history (property_id, version, action, author, origin)
    values (new.id, old.version + 1, 'created',
        coalesce((select author from gable_author), ''), coalesce((select origin from gable_author), 'another program'));
end;
