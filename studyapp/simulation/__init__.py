"""People of known ability who walk the real site, so that what is measured can be checked."""
