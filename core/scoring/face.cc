#include "core/scoring/face.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/objdetect.hpp>
#include <string>
#include <tuple>
#include <vector>

struct pf_face_detector {
	cv::CascadeClassifier cascade;
	std::vector<cv::Rect> found;
};

/* OpenCV's allocator throws an exception of its own. */
static bool is_want_of_memory(const std::exception &thrown)
{
	const auto *own = dynamic_cast<const cv::Exception *>(&thrown);
	return dynamic_cast<const std::bad_alloc *>(&thrown) || (own && own->code == cv::Error::StsNoMem);
}

extern "C" pf_status pf_face_detector_create(const char *cascade_file, pf_face_detector **out,
					     pf_error *error)
{
	*out = nullptr;
	if (access(cascade_file, R_OK) != 0) {
		return pf_fail_errno(error, cascade_file, "cannot read the face cascade");
	}
	pf_face_detector *detector = nullptr;
	try {
		cv::setNumThreads(1);
		detector = new pf_face_detector;
		if (detector->cascade.load(cascade_file)) {
			*out = detector;
			return PF_OK;
		}
	} catch (const std::exception &thrown) { /* the message would be several lines */
		if (is_want_of_memory(thrown)) {
			delete detector;
			return pf_fail(error, PF_ERR_NO_MEMORY, cascade_file,
				       "cannot allocate the face detector");
		}
	}
	delete detector;
	return pf_fail(error, PF_ERR_INVALID, cascade_file, "not a face cascade that OpenCV can read");
}

extern "C" void pf_face_detector_destroy(pf_face_detector *detector)
{
	delete detector;
}

static bool larger_first(const cv::Rect &a, const cv::Rect &b)
{
	return std::make_tuple(-a.area(), a.y, a.x, a.width) < std::make_tuple(-b.area(), b.y, b.x, b.width);
}

/* OpenCV's and the library's messages may have several lines. */
static std::string first_line(const std::exception &thrown)
{
	const std::string text = thrown.what();
	return text.substr(0, text.find_first_of("\r\n"));
}

extern "C" pf_status pf_face_detect(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
				    uint32_t height_px, pf_face *faces, size_t *count, pf_error *error)
{
	*count = 0;
	try {
		/* OpenCV takes no const data; it does not write to the picture that it searches. */
		const cv::Mat picture(static_cast<int>(height_px), static_cast<int>(width_px), CV_8UC1,
				      const_cast<uint8_t *>(grey), width_px);
		detector->cascade.detectMultiScale(picture, detector->found, PF_FACE_SCALE_FACTOR,
						   PF_FACE_MIN_NEIGHBOURS, 0,
						   cv::Size(PF_FACE_SMALLEST_PX, PF_FACE_SMALLEST_PX));
	} catch (const std::exception &thrown) {
		if (is_want_of_memory(thrown)) {
			return pf_fail(error, PF_ERR_NO_MEMORY, nullptr,
				       "no memory for the search for faces");
		}
		return pf_fail(error, PF_ERR_INTERNAL, nullptr, "the search for faces threw: %s",
			       first_line(thrown).c_str());
	}
	std::sort(detector->found.begin(), detector->found.end(), larger_first);
	for (const cv::Rect &face : detector->found) {
		if (*count == PF_FACES_MAX) {
			break;
		}
		faces[(*count)++] = {static_cast<uint32_t>(face.x), static_cast<uint32_t>(face.y),
				     static_cast<uint32_t>(face.width), static_cast<uint32_t>(face.height)};
	}
	return PF_OK;
}

extern "C" const char *pf_face_library_version(void)
{
	static const std::string version = cv::getVersionString();
	return version.c_str();
}

extern "C" void *pf_face_library_function(void)
{
	return reinterpret_cast<void *>(&cv::getNumThreads);
}
