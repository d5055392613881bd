#define _GNU_SOURCE
#include "CXGBoost.h"

#include <dlfcn.h>
#include <stdio.h>

int CXGBoostOpen(const char *library, CXGBoostFunctions *functions, char *said, size_t capacity) {
  void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!opened) {
    snprintf(said, capacity, "%s", dlerror());
    return 0;
  }
  const struct {
    const char *name;
    void *place;
  } wanted[] = {
    {"XGBoostVersion", &functions->version},
    {"XGBGetLastError", &functions->lastError},
    {"XGBSetGlobalConfig", &functions->setGlobalConfig},
    {"XGDMatrixCreateFromDense", &functions->makeMatrix},
    {"XGDMatrixSetInfoFromInterface", &functions->setMatrixField},
    {"XGDMatrixFree", &functions->freeMatrix},
    {"XGBoosterCreate", &functions->makeBooster},
    {"XGBoosterFree", &functions->freeBooster},
    {"XGBoosterSetParam", &functions->setParameter},
    {"XGBoosterUpdateOneIter", &functions->update},
    {"XGBoosterEvalOneIter", &functions->evaluate},
    {"XGBoosterSlice", &functions->slice},
    {"XGBoosterGetNumFeature", &functions->featureCount},
    {"XGBoosterPredictFromDense", &functions->predictArray},
    {"XGBoosterPredictFromDMatrix", &functions->predictMatrix},
    {"XGBoosterSaveModelToBuffer", &functions->save},
    {"XGBoosterLoadModelFromBuffer", &functions->load},
  };
  void *symbol = NULL;
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    symbol = dlsym(opened, wanted[i].name);
    if (!symbol) {
      snprintf(said, capacity, "%s: it has no function %s", library, wanted[i].name);
      dlclose(opened);
      return 0;
    }
    *(void **)wanted[i].place = symbol;
  }
  Dl_info info;
  snprintf(said, capacity, "%s", dladdr(symbol, &info) && info.dli_fname ? info.dli_fname : library);
  return 1;
}
