"""Worker processes as their server sees them: started when there is work, watched, ended."""
