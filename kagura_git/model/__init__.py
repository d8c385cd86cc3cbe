"""What a record is. Pure: no git, no files, no clock."""
