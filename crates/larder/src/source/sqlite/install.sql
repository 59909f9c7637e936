-- What was done to the watched tables. Never empty: the last number tells how far a reader saw.
create table larder_change (
    -- never given out twice: one writer at a time, so the numbers are in the order of the commits
    number integer primary key autoincrement,
    -- the watched table; the empty text belongs to none
    relation text not null,
    -- the primary key; null where all of the table counts as changed
    id,
    -- JSON of the watched columns before and after
    old text,
    new text,
    at integer not null default (unixepoch()),
    -- tells this change from another that has the same number in a copy of the file
    mark integer not null default (random())
);

create table larder_state (
    only integer primary key check (only = 1),
    version integer not null,
    -- which life of the file this is
    id text not null,
    -- changes with lower numbers may have been deleted
    floor integer not null
);

-- What is watched, so that the triggers can be compared with what they should be.
create table larder_watch (
    relation text primary key,
    columns text not null
);

insert into larder_state (only, version, id, floor) values (1, 1, lower(hex(randomblob(16))), 1);
insert into larder_change (relation) values ('');
