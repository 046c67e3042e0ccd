"""The site's migrations, and one of the release to come (for MIGRATION_MODULES)."""

import studyapp.migrations

__path__ += list(studyapp.migrations.__path__)
