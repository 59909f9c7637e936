update larder_state set id = lower(hex(randomblob(16)));
insert into larder_change (relation) select '' where not exists (select 1 from larder_change);
