select
    state.id,
    state.floor,
    (select schema_version from pragma_schema_version) as schema,
    (select max(number) from larder_change) as last,
    (select mark from larder_change order by number desc limit 1) as mark,
    (select mark from larder_change where number = ?1) as known_mark
from larder_state as state
