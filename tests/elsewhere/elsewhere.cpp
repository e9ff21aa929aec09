// A device for torch that is not the CPU, on machines that have no other: its memory is the machine's own, and what is to be done with it goes
// to the CPU and back. It knows no more than a GPU does: tensors of the CPU that meet its own are refused as they are on CUDA.
//
// In torch's words it is the backend PrivateUse1; `device.py` builds this file and gives it the name "elsewhere".

#include <ATen/ATen.h>
#include <ATen/CPUFunctions.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <ATen/native/TensorShape.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

using at::Tensor;
constexpr auto ELSEWHERE = c10::DeviceType::PrivateUse1;

// -- the device: one, with one stream, on which everything is done at once -----------------------------------------------------------------

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return ELSEWHERE; }
  c10::Device exchangeDevice(c10::Device) const override { return {ELSEWHERE, 0}; }
  c10::Device getDevice() const override { return {ELSEWHERE, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device device) const override { return c10::Stream(c10::Stream::DEFAULT, device); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return 1; }
  at::DeviceIndex getCurrentDevice() const override { return 0; }
};
static const bool known = (at::RegisterPrivateUse1HooksInterface(new Hooks()), true);

// -- its memory ------------------------------------------------------------------------------------------------------------------------------

struct Memory final : at::Allocator {
  at::DataPtr allocate(size_t n) override {
    void* place = n ? std::malloc(n) : nullptr;
    return {place, place, &std::free, at::Device(ELSEWHERE, 0)};
  }
  at::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void* to, const void* from, size_t n) const override { std::memcpy(to, from, n); }
};
static Memory memory;
REGISTER_ALLOCATOR(ELSEWHERE, &memory);
static const c10::DispatchKeySet KEYS(c10::DispatchKey::PrivateUse1);

static Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
                    std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory, KEYS, c10::dtype_or_default(dtype), format);
}

static Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                            std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory, KEYS, c10::dtype_or_default(dtype));
}

// The same bytes as a tensor of the CPU.
static Tensor seen(const Tensor& a) {
  return a.is_cpu() ? a : at::from_blob(a.data_ptr(), a.sizes(), a.strides(), at::TensorOptions().dtype(a.scalar_type()));
}

static Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  if (from.numel()) seen(to).copy_(seen(from));
  return to;
}

static Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  return copy_from(from, to.resize_(from.sizes()), false);
}

static const Tensor& resize(const Tensor& a, c10::SymIntArrayRef shape, std::optional<at::MemoryFormat>) {
  auto size = C10_AS_INTARRAYREF_SLOW(shape);
  auto* impl = a.unsafeGetTensorImpl();
  auto storage = impl->unsafe_storage();
  const size_t bytes = (impl->storage_offset() + c10::multiply_integers(size)) * impl->itemsize();
  if (storage.nbytes() < bytes) {
    auto more = memory.allocate(bytes);
    if (storage.nbytes()) std::memcpy(more.get(), storage.data(), storage.nbytes());
    storage.set_data_ptr_noswap(std::move(more));
    storage.set_nbytes(bytes);
  }
  impl->set_sizes_contiguous(size);
  return a;
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("resize_", &resize);
  m.impl("_local_scalar_dense", [](const Tensor& a) { return seen(a).item(); });
  m.impl("as_strided", [](const Tensor& a, at::IntArrayRef size, at::IntArrayRef stride, std::optional<int64_t> offset) {
    return at::native::as_strided_tensorimpl(a, size, stride, offset);
  });
  m.impl("view", [](const Tensor& a, c10::SymIntArrayRef size) { return at::native::view(a, C10_AS_INTARRAYREF_SLOW(size)); });
  m.impl("_reshape_alias", [](const Tensor& a, c10::SymIntArrayRef size, c10::SymIntArrayRef stride) {
    return at::native::_reshape_alias(a, C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride));
  });
  m.impl("set_.source_Storage", [](Tensor& a, at::Storage from) -> Tensor& { return at::cpu::set_(a, from); });
  m.impl("set_.source_Storage_storage_offset",
         [](Tensor& a, at::Storage from, c10::SymInt offset, c10::SymIntArrayRef size, c10::SymIntArrayRef stride) -> Tensor& {
           return at::cpu::set__symint(a, from, offset, size, stride);
         });
}

// -- what is done with it ----------------------------------------------------------------------------------------------------------------------

// As on CUDA: a tensor of the CPU may take part as a single number or as an index, and not otherwise.
static void refuse(const c10::OperatorHandle& op, const Tensor& a) {
  TORCH_CHECK(!a.defined() || !a.is_cpu() || a.dim() == 0, "Expected all tensors to be on the same device, but ", op.schema().name(),
              " got one of the CPU beside one elsewhere.");
}

static void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  if (op.schema().name().find("index") == std::string::npos) {
    for (const auto& value : torch::jit::last(*stack, op.schema().arguments().size())) {
      if (value.isTensor()) refuse(op, value.toTensor());
      if (value.isTensorList()) for (const Tensor& a : value.toTensorVector()) refuse(op, a);
    }
  }
  at::native::cpu_fallback(op, stack);
}

// Convolutions and recurrent layers do not fall back by themselves; of the latter the gradients go the same way.
static Tensor convolution(const Tensor& x, const Tensor& w, const std::optional<Tensor>& b, c10::SymIntArrayRef stride,
                          c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation, bool transposed, c10::SymIntArrayRef more, c10::SymInt groups) {
  const auto bias = b && b->defined() ? std::optional<Tensor>(seen(*b)) : std::nullopt;
  return at::convolution_symint(seen(x), seen(w), bias, stride, padding, dilation, transposed, more, groups).to(x.device());
}

static std::tuple<Tensor, Tensor, Tensor> convolution_backward(
    const Tensor& g, const Tensor& x, const Tensor& w, c10::SymIntArrayRef stride, c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
    bool transposed, c10::SymIntArrayRef more, c10::SymInt groups, std::array<bool, 3> wanted) {
  const std::vector<c10::SymInt> size{w.sym_size(0)};
  const auto bias = wanted[2] ? at::OptionalSymIntArrayRef(size) : at::OptionalSymIntArrayRef();
  auto [dx, dw, db] = at::convolution_backward_symint(seen(g), seen(x), seen(w), bias, stride, padding, dilation, transposed, more, groups, wanted);
  const auto back = [&](const Tensor& a) { return a.defined() ? a.to(x.device()) : a; };
  return {back(dx), back(dw), back(db)};
}

static std::vector<Tensor> here(at::TensorList all) {
  std::vector<Tensor> found;
  for (const Tensor& a : all) found.push_back(a.cpu());
  return found;
}

static std::tuple<Tensor, Tensor, Tensor> lstm(const Tensor& x, at::TensorList h, at::TensorList w, bool b, int64_t layers, double dropout,
                                               bool train, bool two_ways, bool batch_first) {
  auto [y, hn, cn] = at::lstm(x.cpu(), here(h), here(w), b, layers, dropout, train, two_ways, batch_first);
  return {y.to(x.device()), hn.to(x.device()), cn.to(x.device())};
}

using Layer = std::tuple<Tensor, Tensor> (*)(const Tensor&, const Tensor&, at::TensorList, bool, int64_t, double, bool, bool, bool);
template <Layer layer>
static std::tuple<Tensor, Tensor> recurrent(const Tensor& x, const Tensor& h, at::TensorList w, bool b, int64_t layers, double dropout,
                                            bool train, bool two_ways, bool batch_first) {
  auto [y, hn] = layer(x.cpu(), h.cpu(), here(w), b, layers, dropout, train, two_ways, batch_first);
  return {y.to(x.device()), hn.to(x.device())};
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>()); }
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("convolution_overrideable", &convolution);
  m.impl("convolution_backward_overrideable", &convolution_backward);
}
TORCH_LIBRARY_IMPL(aten, AutogradPrivateUse1, m) {
  m.impl("lstm.input", &lstm);
  m.impl("gru.input", &recurrent<static_cast<Layer>(&at::gru)>);
  m.impl("rnn_tanh.input", &recurrent<static_cast<Layer>(&at::rnn_tanh)>);
}

// -- mixed precision ---------------------------------------------------------------------------------------------------------------------------

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }
TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
  KERNEL_PRIVATEUSEONE(linear, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(matmul, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(binary_cross_entropy_with_logits, fp32)
  KERNEL_PRIVATEUSEONE(cross_entropy_loss, fp32)
}
