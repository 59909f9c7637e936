select name, pk from pragma_table_xinfo(?1) where hidden <> 1 order by cid
