// The compiled half of fmt, which Debian has as a shared library alone: one that is linked in brings no second copy of
// the C++ library along.
#include <fmt/format-inl.h>

namespace fmt::detail {

template std::locale locale_ref::get<std::locale>() const;
template thousands_sep_result<char> thousands_sep_impl<char>(locale_ref);
template char decimal_point_impl(locale_ref);
template dragonbox::decimal_fp<float> dragonbox::to_decimal(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double) noexcept;

}  // namespace fmt::detail
