select
    list.name as "index",
    list.partial,
    list.origin,
    column.name as "column",
    column.coll as collation
from pragma_index_list(?1) as list, pragma_index_xinfo(list.name) as column
where list."unique" and column.key
order by list.name, column.seqno
