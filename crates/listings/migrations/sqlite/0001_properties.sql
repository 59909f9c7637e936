create table properties_property (
    id integer primary key autoincrement,
    title text not null,
    description text not null default '',
    -- hundredths: SQLite has no exact decimal
    price_cents integer check (price_cents between 0 and 999999999999),
    location text not null,
    -- one form only, so that the order as text is the order in time
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        check (created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    version integer not null default 1,
    status text not null default 'active'
        check (status in ('draft', 'active', 'pending', 'sold', 'withdrawn')),
    kind text not null default 'other'
        check (kind in ('house', 'apartment', 'studio', 'villa', 'townhouse', 'land', 'other')),
    bedrooms integer check (bedrooms between 0 and 1000),
    bathrooms integer check (bathrooms between 0 and 1000),
    floor_area integer check (floor_area between 1 and 10000000),
    latitude real check (latitude between -90 and 90),
    longitude real check (longitude between -180 and 180)
);

-- Whoever changes a row, its version and time follow. The condition is false for the trigger's own update.
create trigger properties_property_touch after update on properties_property
for each row when new.version is old.version
begin
    update properties_property
    set version = old.version + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'
    where id = new.id;
end;

create index properties_property_by_id on properties_property (status, id);
create index properties_property_by_created_at on properties_property (status, created_at, id);
create index properties_property_by_price_ascending
    on properties_property (status, coalesce(price_cents, 1000000000000), id);
create index properties_property_by_price_descending on properties_property (status, coalesce(price_cents, -100), id);
create index properties_property_by_floor_area_ascending
    on properties_property (status, coalesce(floor_area, 1000000000000), id);
create index properties_property_by_floor_area_descending
    on properties_property (status, coalesce(floor_area, -100), id);
create index properties_property_by_kind on properties_property (status, kind, created_at, id);
create index properties_property_by_location on properties_property (status, lower(location), created_at, id);
create index properties_property_by_bedrooms on properties_property (status, bedrooms, created_at, id);
create index properties_property_by_bathrooms on properties_property (status, bathrooms, created_at, id);
create index properties_property_by_coordinates on properties_property (status, latitude, longitude);

-- The words of every listing. Triggers keep it, so that the command line and other programs cannot forget to.
create virtual table properties_text using fts5 (
    title, description, location,
    content = 'properties_property', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3'
);

create trigger properties_text_insert after insert on properties_property
begin
    insert into properties_text (rowid, title, description, location)
    values (new.id, new.title, new.description, new.location);
end;

create trigger properties_text_delete after delete on properties_property
begin
    insert into properties_text (properties_text, rowid, title, description, location)
    values ('delete', old.id, old.title, old.description, old.location);
end;

create trigger properties_text_update after update of title, description, location on properties_property
begin
    insert into properties_text (properties_text, rowid, title, description, location)
    values ('delete', old.id, old.title, old.description, old.location);
    insert into properties_text (rowid, title, description, location)
    values (new.id, new.title, new.description, new.location);
end;
