// The kernels without a CUDA twin yet, one line each. A kernel that is neither here nor in a .cu
// file is reported when the extension is linked; one that is in both, by tests/test_cuda_list.py.
#pragma once

#define DL_CUDA_MISSING_conv ~, DL_RAISE
#define DL_CUDA_MISSING_conv_data_gradient ~, DL_RAISE
#define DL_CUDA_MISSING_conv_weight_gradient ~, DL_RAISE
#define DL_CUDA_MISSING_winograd_kernel ~, DL_RAISE
#define DL_CUDA_MISSING_pack_kernel ~, DL_RAISE
#define DL_CUDA_MISSING_depthwise_conv ~, DL_RAISE
#define DL_CUDA_MISSING_depthwise_data_gradient ~, DL_RAISE
#define DL_CUDA_MISSING_depthwise_weight_gradient ~, DL_RAISE
#define DL_CUDA_MISSING_max_pool ~, DL_RAISE
#define DL_CUDA_MISSING_max_pool_gradient ~, DL_RAISE
#define DL_CUDA_MISSING_max_pool_pick ~, DL_RAISE
#define DL_CUDA_MISSING_average_pool ~, DL_RAISE
#define DL_CUDA_MISSING_average_pool_gradient ~, DL_RAISE
#define DL_CUDA_MISSING_batch_norm_training ~, DL_RAISE
#define DL_CUDA_MISSING_batch_norm_training_grad ~, DL_RAISE
#define DL_CUDA_MISSING_scale_shift ~, DL_RAISE
#define DL_CUDA_MISSING_layer_norm ~, DL_RAISE
#define DL_CUDA_MISSING_layer_norm_grad ~, DL_RAISE
#define DL_CUDA_MISSING_random_uniform ~, DL_RAISE
#define DL_CUDA_MISSING_random_normal ~, DL_RAISE
#define DL_CUDA_MISSING_random_truncated_normal ~, DL_RAISE
#define DL_CUDA_MISSING_random_integers ~, DL_RAISE
#define DL_CUDA_MISSING_random_permutation ~, DL_RAISE
#define DL_CUDA_MISSING_random_categorical ~, DL_RAISE
#define DL_CUDA_MISSING_random_gamma ~, DL_RAISE
#define DL_CUDA_MISSING_random_binomial ~, DL_RAISE
#define DL_CUDA_MISSING_dropout ~, DL_RAISE
#define DL_CUDA_MISSING_dropout_mask ~, DL_RAISE
#define DL_CUDA_MISSING_gather ~, DL_RAISE
#define DL_CUDA_MISSING_scatter ~, DL_RAISE
#define DL_CUDA_MISSING_nonzero ~, DL_RAISE
#define DL_CUDA_MISSING_one_hot ~, DL_RAISE
#define DL_CUDA_MISSING_ramp ~, DL_RAISE
#define DL_CUDA_MISSING_triangle ~, DL_RAISE
#define DL_CUDA_MISSING_argsort ~, DL_RAISE
#define DL_CUDA_MISSING_searchsorted ~, DL_RAISE
#define DL_CUDA_MISSING_optimizer_update ~, DL_RAISE
#define DL_CUDA_MISSING_schedule ~, DL_RAISE
#define DL_CUDA_MISSING_orthonormalize ~, DL_RAISE
