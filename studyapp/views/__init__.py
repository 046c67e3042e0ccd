"""What people see in a browser: function views, one file per noun."""
