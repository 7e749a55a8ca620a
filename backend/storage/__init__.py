"""Everything kept in the database: tables, migrations and one store per noun."""
