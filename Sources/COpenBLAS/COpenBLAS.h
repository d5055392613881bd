// What HorizonScale uses of OpenBLAS. The wheel's symbols are prefixed `scipy_`, integers are 32 bits wide.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum CBLAS_ORDER { CblasRowMajor = 101, CblasColMajor = 102 };
enum CBLAS_TRANSPOSE { CblasNoTrans = 111, CblasTrans = 112 };
enum CBLAS_UPLO { CblasUpper = 121, CblasLower = 122 };
enum CBLAS_DIAG { CblasNonUnit = 131, CblasUnit = 132 };
enum CBLAS_SIDE { CblasLeft = 141, CblasRight = 142 };

void scipy_openblas_set_num_threads(int count);
int scipy_openblas_get_num_threads(void);
char *scipy_openblas_get_config(void);
char *scipy_openblas_get_corename(void);

double scipy_cblas_ddot(int n, const double *x, int incx, const double *y, int incy);
void scipy_cblas_daxpy(int n, double alpha, const double *x, int incx, double *y, int incy);
void scipy_cblas_saxpy(int n, float alpha, const float *x, int incx, float *y, int incy);
void scipy_cblas_dgemv(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE trans, int m, int n, double alpha, const double *a,
                       int lda, const double *x, int incx, double beta, double *y, int incy);
void scipy_cblas_sgemv(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE trans, int m, int n, float alpha, const float *a,
                       int lda, const float *x, int incx, float beta, float *y, int incy);
void scipy_cblas_dgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE transA, enum CBLAS_TRANSPOSE transB, int m, int n,
                       int k, double alpha, const double *a, int lda, const double *b, int ldb, double beta, double *c,
                       int ldc);
void scipy_cblas_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE transA, enum CBLAS_TRANSPOSE transB, int m, int n,
                       int k, float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c,
                       int ldc);
void scipy_cblas_dsyrk(enum CBLAS_ORDER order, enum CBLAS_UPLO uplo, enum CBLAS_TRANSPOSE trans, int n, int k,
                       double alpha, const double *a, int lda, double beta, double *c, int ldc);
void scipy_cblas_ssyrk(enum CBLAS_ORDER order, enum CBLAS_UPLO uplo, enum CBLAS_TRANSPOSE trans, int n, int k,
                       float alpha, const float *a, int lda, float beta, float *c, int ldc);
void scipy_cblas_dtrsm(enum CBLAS_ORDER order, enum CBLAS_SIDE side, enum CBLAS_UPLO uplo, enum CBLAS_TRANSPOSE trans,
                       enum CBLAS_DIAG diag, int m, int n, double alpha, const double *a, int lda, double *b, int ldb);
void scipy_cblas_strsm(enum CBLAS_ORDER order, enum CBLAS_SIDE side, enum CBLAS_UPLO uplo, enum CBLAS_TRANSPOSE trans,
                       enum CBLAS_DIAG diag, int m, int n, float alpha, const float *a, int lda, float *b, int ldb);

// LAPACK is Fortran: column-major, every argument by address.
void scipy_dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void scipy_spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);
void scipy_dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
                   const int *ldb, int *info);
void scipy_spotrs_(const char *uplo, const int *n, const int *nrhs, const float *a, const int *lda, float *b,
                   const int *ldb, int *info);
void scipy_dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void scipy_dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
                  const int *lwork, int *info);
void scipy_dgels_(const char *trans, const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
                  const int *ldb, double *work, const int *lwork, int *info);

#ifdef __cplusplus
}
#endif
