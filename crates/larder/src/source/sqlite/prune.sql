-- The last change stays whatever its age: its number is how far a reader saw.
delete from larder_change
where number <= ?1 and number < (select max(number) from larder_change)
