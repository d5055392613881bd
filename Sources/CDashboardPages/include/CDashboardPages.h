#pragma once

/// A file of the dashboard, by its name below Sources/HorizonDashboard/Pages/.
typedef struct hs_page {
  const char *name;
  const unsigned char *bytes;
  unsigned long count;
} hs_page;

/// All of them, by name.
const hs_page *hs_pages(unsigned long *count);
