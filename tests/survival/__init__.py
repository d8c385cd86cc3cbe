"""What survives what git can do: real repositories, real operations, counted results."""
