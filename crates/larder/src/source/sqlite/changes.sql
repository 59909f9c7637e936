-- Texts as their bytes: SQLite does not see to it that they are UTF-8.
select
    number,
    relation,
    case typeof(id) when 'integer' then id end as integer_id,
    case typeof(id) when 'text' then cast(id as blob) end as text_id,
    cast(old as blob) as old,
    cast(new as blob) as new
from larder_change
where number >= ?1 and number <= ?2 and relation <> ''
order by number
limit ?3
