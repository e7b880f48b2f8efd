<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
    <context>
        <name>sentences</name>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="18" />
            <source>Grey</source>
            <translation>灰阶</translation>
        </message>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="19" />
            <source>Hot iron</source>
            <translation>热铁</translation>
        </message>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="21" />
            <source>Hot metal blue</source>
            <translation>热金属蓝</translation>
        </message>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="22" />
            <source>PET, 20 steps</source>
            <translation>PET 20 阶</translation>
        </message>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="23" />
            <source>Viridis</source>
            <translation>Viridis</translation>
        </message>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="24" />
            <source>Inferno</source>
            <translation>Inferno</translation>
        </message>
        <message>
            <location filename="../../viewer/core/colour_maps.py" line="25" />
            <source>Masks: a colour for each value</source>
            <translation>掩膜：每个值一种颜色</translation>
        </message>
        <message>
            <location filename="../../viewer/core/display.py" line="38" />
            <source>window width must be positive, got {0}</source>
            <extracomment>{0}: self.width</extracomment>
            <translation>窗宽必须为正数，实际为 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/findings.py" line="113" />
            <source>a finding needs a name</source>
            <translation>所见需要名称</translation>
        </message>
        <message>
            <location filename="../../viewer/core/findings.py" line="115" />
            <source>this name is too long for a finding</source>
            <translation>所见名称过长</translation>
        </message>
        <message>
            <location filename="../../viewer/core/findings.py" line="117" />
            <source>there is a finding {0} already</source>
            <extracomment>{0}: name</extracomment>
            <translation>已有名为 {0} 的所见</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="123" />
            <source>This series</source>
            <translation>该序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="125" />
            <source>{0} is the series that is shown: it cannot be laid over itself.</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 就是当前显示的序列，不能与自身融合。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="127" />
            <source>{0} is a series of another patient: it cannot be laid over this one.</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 属于另一位患者，不能与当前序列融合。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="128" />
            <source>The shown series</source>
            <translation>当前显示的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="130" />
            <source>{0} is saved in colours: only series of measured values can be laid over one another.</source>
            <extracomment>{0}: word</extracomment>
            <translation>{0} 以彩色保存：只有由测量值构成的序列才能相互融合。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="132" />
            <source>{0} is no regular grid of slices: it cannot be fused. It may have to be resampled first.</source>
            <extracomment>{0}: word</extracomment>
            <translation>{0} 的层面不构成规则网格，无法融合。可能需要先重采样。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/fusion.py" line="134" />
            <source>{0} does not tell where in the patient it lies: it cannot be fused.</source>
            <extracomment>{0}: word</extracomment>
            <translation>{0} 没有说明其在患者体内的位置，无法融合。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="49" />
            <source>a grid needs at least one voxel on every axis, got {0}</source>
            <extracomment>{0}: self.size</extracomment>
            <translation>网格的每个轴至少需要一个体素，实际为 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="51" />
            <source>spacing must be positive, got {0}</source>
            <extracomment>{0}: self.spacing</extracomment>
            <translation>间距必须为正数，实际为 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="53" />
            <source>the origin must be finite, got {0}</source>
            <extracomment>{0}: origin.tolist()</extracomment>
            <translation>原点坐标必须为有限值，实际为 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="55" />
            <source>the axes of a regular grid must be perpendicular unit vectors</source>
            <translation>规则网格的各轴必须是相互垂直的单位向量</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="59" />
            <source>a stack of {0} slices needs as many finite origins, or none</source>
            <extracomment>{0}: self.size[2]</extracomment>
            <translation>由 {0} 层组成的层面组需要同样数量的有限原点，或者一个也没有</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="14" />
            <source>axial</source>
            <translation>轴位</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="14" />
            <source>coronal</source>
            <translation>冠状位</translation>
        </message>
        <message>
            <location filename="../../viewer/core/geometry.py" line="14" />
            <source>sagittal</source>
            <translation>矢状位</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_edits.py" line="23" />
            <source>Threshold {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>阈值 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_edits.py" line="29" />
            <source>Add {0} to {1}</source>
            <extracomment>{0}: other; {1}: name</extracomment>
            <translation>将 {0} 并入 {1}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_edits.py" line="30" />
            <source>Copy {0} into {1}</source>
            <extracomment>{0}: other; {1}: name</extracomment>
            <translation>将 {0} 复制到 {1}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_edits.py" line="31" />
            <source>Subtract {0} from {1}</source>
            <extracomment>{0}: other; {1}: name</extracomment>
            <translation>从 {1} 中减去 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_edits.py" line="32" />
            <source>Intersect {0} with {1}</source>
            <extracomment>{0}: name; {1}: other</extracomment>
            <translation>{0} 与 {1} 求交</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_edits.py" line="33" />
            <source>Invert {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>反转 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/label_set.py" line="52" />
            <source>None of these labels is anywhere in the scan: nothing was saved</source>
            <translation>这些标签在扫描中都不存在：未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/core/labels.py" line="34" />
            <source>Region 1</source>
            <translation>区域 1</translation>
        </message>
        <message>
            <location filename="../../viewer/core/labels.py" line="35" />
            <source>Region 2</source>
            <translation>区域 2</translation>
        </message>
        <message>
            <location filename="../../viewer/core/labels.py" line="36" />
            <source>Region 3</source>
            <translation>区域 3</translation>
        </message>
        <message>
            <location filename="../../viewer/core/labels.py" line="119" />
            <source>a label map holds at most {0} labels</source>
            <extracomment>{0}: MAX_LABELS</extracomment>
            <translation>标签图最多容纳 {0} 个标签</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="129" />
            <source>it was drawn on another series, and nothing says that the positions of both agree; open the series that it was drawn on</source>
            <translation>它是在另一序列上绘制的，且没有信息表明两者位置一致；请打开绘制时的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="134" />
            <source>it was drawn on another series, in another frame of reference: its positions are not those of this series; open the series that it was drawn on</source>
            <translation>它是在另一序列、另一参考坐标系中绘制的：其位置不是本序列的位置；请打开绘制时的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="138" />
            <source>it was drawn on another series, of another patient; open the series that it was drawn on</source>
            <translation>它是在另一患者的序列上绘制的；请打开绘制时的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="155" />
            <source>The file does not say which scan it was drawn on: only you can know that it is this one.</source>
            <translation>文件没有说明它是在哪次扫描上绘制的：只有您能知道是否为本次扫描。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="159" />
            <source>It has {0} voxels and this series {1}: look whether the structures lie where they should.</source>
            <extracomment>{0}: own; {1}: others</extracomment>
            <translation>它有 {0} 个体素，而本序列有 {1} 个体素：请查看各结构的位置是否正确。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="163" />
            <source>It was drawn on another series of the same frame of reference.</source>
            <translation>它是在同一参考坐标系的另一序列上绘制的。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="165" />
            <source>It names another patient than this series does.</source>
            <translation>它标明的患者与本序列不同。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="181" />
            <source>its frames are not as large as the images of this series</source>
            <translation>其各帧的大小与此序列的图像不同</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="195" />
            <source>it was drawn on other images than those of this series; open the series of these images</source>
            <translation>它是在其他图像而非此序列的图像上绘制的；请打开那些图像所在的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="198" />
            <source>What it holds of other images than those of this series was left out.</source>
            <translation>其中属于此序列以外图像的内容已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="213" />
            <source>nothing says where the slices of this series lie in the patient</source>
            <translation>没有信息说明本序列的层面在患者体内的位置</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="215" />
            <source>the slices of this series make no regular grid that could be sampled</source>
            <translation>本序列的层面不构成可采样的规则网格</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="268" />
            <source>its slices are {0} mm apart, those of this series {1} mm</source>
            <extracomment>{0}: found.between_mm (number); {1}: step (number)</extracomment>
            <translation>其层间距为 {0} mm，本序列为 {1} mm</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="286" />
            <source>its voxels lie between those of this series, up to {0} mm from the nearest</source>
            <extracomment>{0}: apart_mm (number)</extracomment>
            <translation>其体素位于本序列体素之间，距最近者至多 {0} mm</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="296" />
            <source>its rows and columns are not those of this series, or its voxels have another size</source>
            <translation>其行列与本序列不同，或体素大小不同</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="380" />
            <source>its own slices make no regular grid that could be sampled</source>
            <translation>其层面不构成可采样的规则网格</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="384" />
            <source>its own slices are too far apart to make a grid that could be sampled</source>
            <translation>其层面相距太远，无法构成可采样的网格</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="412" />
            <source>the outlines of a structure lie in several directions</source>
            <translation>同一结构的轮廓位于多个方向</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="420" />
            <source>its outlines lie between the slices of this series, up to {0} mm from the nearest</source>
            <extracomment>{0}: apart (number)</extracomment>
            <translation>其轮廓位于本序列层面之间，距最近者至多 {0} mm</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="447" />
            <source>its outlines lie across the slices of this series, which cannot be filled slice by slice</source>
            <translation>其轮廓与本序列的层面相交，无法逐层填充</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="509" />
            <source>Import annotations, resampled</source>
            <translation>导入标注，已重采样</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="509" />
            <source>Import annotations</source>
            <translation>导入标注</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="561" />
            <source>a label map holds at most {0} labels; choose fewer segments</source>
            <extracomment>{0}: MAX_LABELS</extracomment>
            <translation>标签图最多容纳 {0} 个标签；请少选一些分割</translation>
        </message>
        <message>
            <location filename="../../viewer/core/laying.py" line="570" />
            <source>Segment {0}</source>
            <extracomment>{0}: n + 1 (number)</extracomment>
            <translation>分割 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/linking.py" line="110" />
            <source>Windows can be linked once two series are side by side: right click one in the list to open it beside.</source>
            <translation>并排显示两个序列后才能同步调窗：在列表中右键单击一个序列，将其并排打开。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/linking.py" line="116" />
            <source>A picture in colour has no window: windows are linked between series of measured values only.</source>
            <translation>彩色图像没有窗宽窗位：只有测量值序列之间才能同步调窗。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/linking.py" line="119" />
            <source>Values of {0} and {1} cannot be compared: a window of one does not suit the other.</source>
            <extracomment>{0}: kinds[0]; {1}: kinds[1]</extracomment>
            <translation>{0} 与 {1} 的数值不可比较：一个序列的窗宽窗位不适用于另一个。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/linking.py" line="120" />
            <source>The values of these series cannot be compared: a window of one does not suit the other.</source>
            <translation>这些序列的数值不可比较：一个序列的窗宽窗位不适用于另一个。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="240" />
            <source>mm at detector</source>
            <translation>mm（探测器）</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="22" />
            <source>length</source>
            <translation>长度</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="23" />
            <source>angle</source>
            <translation>角度</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="24" />
            <source>cobb</source>
            <translation>Cobb 角</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="25" />
            <source>ellipse</source>
            <translation>椭圆</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="26" />
            <source>rectangle</source>
            <translation>矩形</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="27" />
            <source>polygon</source>
            <translation>多边形</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="28" />
            <source>freehand</source>
            <translation>手绘区域</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="29" />
            <source>probe</source>
            <translation>探针</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="30" />
            <source>arrow</source>
            <translation>箭头</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="31" />
            <source>text</source>
            <translation>文字</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="32" />
            <source>profile</source>
            <translation>剖面线</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="33" />
            <source>path</source>
            <translation>曲线路径</translation>
        </message>
        <message>
            <location filename="../../viewer/core/measuring.py" line="34" />
            <source>box</source>
            <translation>方框</translation>
        </message>
        <message>
            <location filename="../../viewer/core/origin.py" line="42" />
            <source>{0} {1} (overridden: {2})</source>
            <extracomment>{0}: self.model; {1}: self.version; {2}: about</extracomment>
            <translation>{0} {1}（已强制运行：{2}）</translation>
        </message>
        <message>
            <location filename="../../viewer/core/propagation.py" line="57" />
            <location filename="../../viewer/core/propagation.py" line="59" />
            <source>region ends</source>
            <translation>区域结束处</translation>
        </message>
        <message>
            <location filename="../../viewer/core/propagation.py" line="63" />
            <location filename="../../viewer/core/propagation.py" line="65" />
            <source>region changes</source>
            <translation>区域变化处</translation>
        </message>
        <message>
            <location filename="../../viewer/core/propagation.py" line="69" />
            <source>as many as asked</source>
            <translation>达到所要求的层数</translation>
        </message>
        <message>
            <location filename="../../viewer/core/propagation.py" line="69" />
            <source>end of the scan</source>
            <translation>扫描的末端</translation>
        </message>
        <message>
            <location filename="../../viewer/core/proposal.py" line="222" />
            <source>Accept {0}</source>
            <extracomment>{0}: proposal.source</extracomment>
            <translation>接受 {0} 的建议</translation>
        </message>
        <message>
            <location filename="../../viewer/core/proposal.py" line="296" />
            <source>Too many parts of this proposal were judged one by one: accept or reject the rest of it</source>
            <translation>此提议已逐一判定了过多部分：请接受或拒绝其余部分</translation>
        </message>
        <message>
            <location filename="../../viewer/core/proposal.py" line="300" />
            <source>Reject of {0}: {1}</source>
            <extracomment>{0}: proposal.source; {1}: name</extracomment>
            <translation>拒绝 {0} 的结果：{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/proposal.py" line="303" />
            <source>Accept of {0}: {1}</source>
            <extracomment>{0}: proposal.source; {1}: name</extracomment>
            <translation>接受 {0} 的结果：{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="23" />
            <source>Grow {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>扩大 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="23" />
            <source>Shrink {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>缩小 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="28" />
            <source>Hollow {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>掏空 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="32" />
            <source>Smooth {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>平滑 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="36" />
            <source>Largest part of {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>保留 {0} 的最大部分</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="45" />
            <source>Remove small parts of {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>去除 {0} 的小部分</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="49" />
            <source>Fill holes of {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>填充 {0} 的孔洞</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_acts.py" line="58" />
            <source>Fill {0} between slices</source>
            <extracomment>{0}: name</extracomment>
            <translation>在层面间填充 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_search.py" line="60" />
            <location filename="../../viewer/core/session.py" line="730" />
            <source>Take away from {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>从{0}中去除</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_search.py" line="62" />
            <source>Segment {0} by clicks</source>
            <extracomment>{0}: name</extracomment>
            <translation>点选分割 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_search.py" line="64" />
            <source>Flood fill {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>区域填充{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_search.py" line="65" />
            <source>Trace {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>追踪{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/region_search.py" line="65" />
            <source>Outline {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>勾画{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="58" />
            <source>a grid that takes in all slices would be nearly empty, so their positions can hardly be right; look at the slices one by one</source>
            <translation>能容纳全部层面的网格几乎是空的，说明这些位置很可能有误；请逐层查看</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="97" />
            <source>only tilted, uneven or missing slices can be resampled to a grid: {0}</source>
            <extracomment>{0}: verdict.detail</extracomment>
            <translation>只有倾斜、间距不均或缺层的层面才能重采样为网格：{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="99" />
            <source>the positions or the pixel size of the slices are not known, so no grid can be made of them</source>
            <translation>层面的位置或像素大小未知，无法构成网格</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="101" />
            <source>colours are no measurement that could be interpolated; look at the slices one by one</source>
            <translation>颜色不是可以插值的测量值；请逐层查看</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="103" />
            <source>the series is still being read; resample it when all slices are there</source>
            <translation>序列仍在读取中；请在全部层面读取完成后再重采样</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="114" />
            <source>several slices lie at one place, so it is not known which of them is meant</source>
            <translation>同一位置有多个层面，无法确定以哪一个为准</translation>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="118" />
            <source>nothing is known of {0} mm between two slices, after {1} mm: that is too much to interpolate; fetch the missing slices</source>
            <extracomment>{0}: stack.gaps[widest] (number); {1}: along[order[widest]] (number)</extracomment>
            <translation>{1} mm 之后有两层相距 {0} mm，其间没有数据：缺口过大，无法插值；请获取缺失的层面</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="203" />
            <source>Resampled to {0} mm by linear interpolation along the normal</source>
            <extracomment>{0}: normal_mm (number)</extracomment>
            <translation>已沿法线方向线性插值，重采样为 {0} mm</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="207" />
            <source>a shear of {0} degrees was straightened by linear interpolation within the slices</source>
            <extracomment>{0}: angle (number)</extracomment>
            <translation>已在层面内线性插值，校正 {0}° 的错切</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="210" />
            <source>{0} missing slices were interpolated</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>已插值补出 {0} 个缺失层面</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="210" />
            <source>{0} missing slice was interpolated</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>已插值补出 {0} 个缺失层面</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/core/resample.py" line="212" />
            <source>values are rounded to whole numbers</source>
            <translation>数值已取整</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="636" />
            <source>Add label</source>
            <translation>添加标签</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="650" />
            <source>Change label</source>
            <translation>更改标签</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="667" />
            <source>a label needs a name</source>
            <translation>标签需要名称</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="669" />
            <source>there is a label {0} already</source>
            <extracomment>{0}: name</extracomment>
            <translation>已有名为 {0} 的标签</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="696" />
            <source>Use label list</source>
            <translation>使用标签列表</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="730" />
            <source>Paint {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>绘制 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="872" />
            <source>Confirm slice</source>
            <translation>确认切片</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="872" />
            <source>Take confirmation back</source>
            <translation>撤回确认</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="914" />
            <source>Nothing on this slice</source>
            <translation>此层面无内容</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="932" />
            <source>Mark key image</source>
            <translation>标记关键图像</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="932" />
            <source>Unmark key image</source>
            <translation>取消关键图像标记</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="990" />
            <source>Answer finding</source>
            <translation>回答所见</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="999" />
            <source>Answer the rest with no</source>
            <translation>其余回答否</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1026" />
            <source>Accept</source>
            <translation>接受</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1026" />
            <source>Reject</source>
            <translation>拒绝</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1027" />
            <source>{0} score of {1}</source>
            <extracomment>{0}: act; {1}: self.scores.origin.source</extracomment>
            <translation>{0} {1} 的评分</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1068" />
            <source>Draw {0}</source>
            <extracomment>{0}: kind</extracomment>
            <translation>绘制{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1076" />
            <source>Move {0}</source>
            <extracomment>{0}: changed.kind</extracomment>
            <translation>移动{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1076" />
            <source>Rename {0}</source>
            <extracomment>{0}: changed.kind</extracomment>
            <translation>修改{0}的文字</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1082" />
            <source>Delete {0}</source>
            <extracomment>{0}: before.kind</extracomment>
            <translation>删除{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1159" />
            <location filename="../../viewer/core/session.py" line="1248" />
            <source>the result does not belong to the open series</source>
            <translation>该结果不属于当前打开的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="1361" />
            <source>Accept boxes</source>
            <translation>接受方框</translation>
        </message>
        <message>
            <location filename="../../viewer/core/session.py" line="730" />
            <source>Erase</source>
            <translation>擦除</translation>
        </message>
        <message>
            <location filename="../../viewer/core/study.py" line="22" />
            <source>Synthetic: the file says that its values were made artificially, not acquired.</source>
            <translation>合成：文件写明其数值至少有一部分是人工生成的。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/study.py" line="23" />
            <source>Derived: the file says that its values were worked out from those of other images.</source>
            <translation>衍生：文件写明其数值由其他图像的数值计算得出。</translation>
        </message>
        <message>
            <location filename="../../viewer/core/study.py" line="20" />
            <source>Left out</source>
            <translation>未纳入</translation>
        </message>
        <message>
            <location filename="../../viewer/core/volume.py" line="40" />
            <source>voxels {0} do not fit a grid of shape {1}</source>
            <extracomment>{0}: self.voxels.shape; {1}: self.geometry.shape</extracomment>
            <translation>体素数组 {0} 与网格形状 {1} 不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/annotation_store.py" line="367" />
            <source>this series has changed since it was annotated; its annotations are kept but not shown</source>
            <translation>该序列在标注之后发生了变化；原有标注已保留，但不显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="50" />
            <source>this is no path</source>
            <translation>这不是有效的路径</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="57" />
            <source>it is damaged inside its ZIP; fetch the archive again</source>
            <translation>该文件在 ZIP 中已损坏；请重新获取压缩包</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="215" />
            <source>its header names voxels in another folder; only those beside it are read</source>
            <translation>文件头指向其他文件夹中的体素；只读取与其同一文件夹内的体素文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="218" />
            <source>its header names a link to voxels in another folder; only those beside it are read</source>
            <translation>文件头指向一个链接，体素在其他文件夹中；只读取与其同一文件夹内的体素文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="246" />
            <source>the folder cannot be read ({0})</source>
            <extracomment>{0}: error.strerror</extracomment>
            <translation>无法读取该文件夹（{0}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="265" />
            <source>it is no regular file</source>
            <translation>不是普通文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="265" />
            <source>there is no such file or folder</source>
            <translation>没有这个文件或文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="293" />
            <location filename="../../viewer/io/archives.py" line="297" />
            <source>no regular file</source>
            <translation>不是普通文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="321" />
            <source>listed by the DICOMDIR but not there</source>
            <translation>DICOMDIR 中列出了该文件，但文件不存在</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="327" />
            <source>{0} of the {1} files it lists lie outside its folder; not opened</source>
            <extracomment>{0}: outside; {1}: len(file_ids) (number)</extracomment>
            <translation>所列的 {1} 个文件中有 {0} 个位于其文件夹之外；未打开</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="334" />
            <source>the DICOMDIR is too large</source>
            <translation>DICOMDIR 过大</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="343" />
            <location filename="../../viewer/io/archives.py" line="349" />
            <source>the DICOMDIR lists too much</source>
            <translation>DICOMDIR 列出的条目过多</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="351" />
            <source>the DICOMDIR is packed</source>
            <translation>DICOMDIR 是压缩的</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="395" />
            <source>a place before the beginning of the file</source>
            <translation>位置在文件开头之前</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="434" />
            <source>the ZIP is damaged or incomplete; fetch it again</source>
            <translation>ZIP 已损坏或不完整；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="464" />
            <source>no such member in the ZIP</source>
            <translation>ZIP 中没有这个文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="481" />
            <source>the ZIP is empty</source>
            <translation>ZIP 是空的</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="486" />
            <source>{0} of its {1} files are encrypted; unpack it with its password first</source>
            <extracomment>{0}: locked; {1}: len(held) (number)</extracomment>
            <translation>{1} 个文件中有 {0} 个已加密；请先用密码解压</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="514" />
            <source>it is encrypted inside its ZIP; unpack it with its password first</source>
            <translation>该文件在 ZIP 中已加密；请先用密码解压</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="516" />
            <source>a ZIP inside a ZIP is not opened; unpack the outer one first</source>
            <translation>不打开 ZIP 中的 ZIP；请先解压外层</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="518" />
            <source>it is packed in an uncommon way; unpack its ZIP first</source>
            <translation>该文件的压缩方式不常见；请先解压其 ZIP</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="520" />
            <source>unpacked it would take {0} GiB, more than is read from a ZIP; unpack it first</source>
            <extracomment>{0}: info.file_size / 2 ** 30 (number)</extracomment>
            <translation>解压后将占用 {0} GiB，超出从 ZIP 中读取的上限；请先解压</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="522" />
            <source>it would unpack to {0} times its size, as no image does</source>
            <extracomment>{0}: info.file_size / max(info.compress_size, 1) (number)</extracomment>
            <translation>解压后将达到原大小的 {0} 倍，正常图像不会如此</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="556" />
            <source>the ZIP's list of files is too long; unpack it first</source>
            <translation>ZIP 的文件列表过长；请先解压</translation>
        </message>
        <message>
            <location filename="../../viewer/io/archives.py" line="559" />
            <source>the ZIP holds more than {0} files; unpack it first</source>
            <extracomment>{0}: _MAX_MEMBERS (number)</extracomment>
            <translation>ZIP 中的文件超过 {0} 个；请先解压</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="69" />
            <location filename="../../viewer/io/codestreams.py" line="76" />
            <location filename="../../viewer/io/codestreams.py" line="88" />
            <location filename="../../viewer/io/codestreams.py" line="102" />
            <location filename="../../viewer/io/codestreams.py" line="138" />
            <source>its table of frames does not agree with its pixels; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>帧偏移表与像素数据不一致；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="85" />
            <source>its table of frames is damaged; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>帧偏移表已损坏；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="98" />
            <source>its table of frames does not agree with its number of frames; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>帧偏移表与帧数不一致；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="120" />
            <source>its {0} pieces of pixels do not make {1} frames; {2}</source>
            <extracomment>{0}: len(parts) (number); {1}: self._frames; {2}: FETCH</extracomment>
            <translation>像素数据的 {0} 个片段无法组成 {1} 帧；{2}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="153" />
            <location filename="../../viewer/io/codestreams.py" line="272" />
            <source>it is truncated within its compressed pixels; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件在压缩像素数据中被截断；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="156" />
            <location filename="../../viewer/io/codestreams.py" line="187" />
            <source>its compressed pixels are damaged; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>压缩像素数据已损坏；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="158" />
            <source>it is truncated: a part of its compressed pixels is longer than the file; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件被截断：压缩像素数据中有一段比文件还长；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="189" />
            <source>its compressed pixels are damaged and cannot be decoded; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>压缩像素数据已损坏，无法解码；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="250" />
            <source>its compressed pixels are damaged at their start; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>压缩像素数据的开头已损坏；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="254" />
            <source>its compressed pixels are {0} x {1} with {2} value(s) each, its header says {3} x {4} with {5}; {6}</source>
            <extracomment>{0}: columns (number); {1}: rows (number); {2}: samples; {3}: pixels.columns; {4}: pixels.rows; {5}: pixels.samples; {6}: FETCH</extracomment>
            <translation>压缩像素数据为 {0} x {1}，每像素 {2} 个值；文件头却标为 {3} x {4}，每像素 {5} 个值；{6}</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="259" />
            <source>its compressed pixels have {0} bits each, its header has room for {1}; {2}</source>
            <extracomment>{0}: bits; {1}: pixels.allocated; {2}: FETCH</extracomment>
            <translation>压缩像素数据每像素 {0} 位，文件头只容纳 {1} 位；{2}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="262" />
            <source>its compressed pixels have no end: they are truncated; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>压缩像素数据没有结尾，已被截断；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="275" />
            <source>its compressed pixels have {0} parts, its header asks for another number; {1}</source>
            <extracomment>{0}: count (number); {1}: FETCH</extracomment>
            <translation>压缩像素数据分为 {0} 部分，与文件头要求的数目不符；{1}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/codestreams.py" line="280" />
            <source>its compressed pixels are damaged or truncated; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>压缩像素数据已损坏或被截断；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="89" />
            <source>Only a regular series with one DICOM file for each slice can have a derived series</source>
            <translation>只有每层一个 DICOM 文件的规则序列才能有派生序列</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="91" />
            <source>A synthetic {0} cannot be written as a DICOM series, only CT and MR can</source>
            <extracomment>{0}: made.modality</extracomment>
            <translation>合成的 {0} 无法写为 DICOM 序列，只有 CT 和 MR 可以</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="112" />
            <source>{0} is there already; nothing was written</source>
            <extracomment>{0}: folder.name</extracomment>
            <translation>{0} 已经存在；没有写入任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="125" />
            <location filename="../../viewer/workflows.py" line="909" />
            <source>{0} could not be written: {1}</source>
            <extracomment>{0}: folder.name; {1}: error.strerror or error</extracomment>
            <translation>无法写入 {0}：{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="168" />
            <source>The header of {0} cannot be written again ({1}); nothing was saved</source>
            <extracomment>{0}: source.name; {1}: error</extracomment>
            <translation>{0} 的文件头无法重新写出（{1}）；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="184" />
            <source>{0} tells no place that a derived series could have</source>
            <extracomment>{0}: source.name</extracomment>
            <translation>{0} 没有给出派生序列可用的位置</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="186" />
            <source>{0} names no study (StudyInstanceUID is empty): a derived series would have none</source>
            <extracomment>{0}: source.name</extracomment>
            <translation>{0} 未写明所属检查（StudyInstanceUID 为空）：衍生序列也会没有检查</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="189" />
            <location filename="../../viewer/io/score_groups.py" line="213" />
            <source>Class</source>
            <translation>类别</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="189" />
            <source>Instance</source>
            <translation>实例</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="192" />
            <source>{0} does not say which object it is: a derived series cannot refer to it</source>
            <extracomment>{0}: source.name</extracomment>
            <translation>{0} 没有说明它是哪个对象：派生序列无法引用它</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="194" />
            <source>{0} lies elsewhere than its slice: a derived series cannot be written</source>
            <extracomment>{0}: source.name</extracomment>
            <translation>{0} 的位置与其切片不符：无法写出派生序列</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="240" />
            <source>{0} by {1}, sha256 {2}, on {3}; not for measurement</source>
            <extracomment>{0}: SYNTHETIC; {1}: origin.source; {2}: origin.short_hash; {3}: origin.provider</extracomment>
            <translation>{0}，由 {1} 生成，sha256 {2}，于 {3}；不可用于测量</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="247" />
            <source>; no value changed by more than {0} {1}</source>
            <extracomment>{0}: enhanced.bound (number); {1}: series.unit</extracomment>
            <translation>；任何值的改变不超过 {0} {1}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="261" />
            <source>Source image for image processing operation</source>
            <translation>图像处理操作的源图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="268" />
            <source>Modifying Equipment</source>
            <translation>修改设备</translation>
        </message>
        <message>
            <location filename="../../viewer/io/derived_series.py" line="327" />
            <source>The derived series came back otherwise than it was written; nothing was saved</source>
            <translation>读回的派生序列与写入的不同；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="180" />
            <source>1 identical copy was left out.</source>
            <translation>1 份相同的副本未纳入。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="180" />
            <source>{0} identical copies were left out.</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>{0} 份相同的副本未纳入。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="189" />
            <source>Their headers agree, so one may be a compressed or an edited copy of the other.</source>
            <translation>它们的文件头一致，其中一个可能是另一个经压缩或编辑的副本。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="192" />
            <source>1 image is there more than once with different contents ({0} and {1}). {2}Move all but one version into another folder, then open the folder again.</source>
            <extracomment>{0}: first; {1}: second; {2}: same if alike else ''</extracomment>
            <translation>有 1 幅图像存在多个内容不同的版本（{0} 和 {1}）。{2}请只保留一个版本，将其余版本移到其他文件夹，再重新打开该文件夹。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="192" />
            <source>{0} images are there more than once with different contents ({1} and {2}). {3}Move all but one version into another folder, then open the folder again.</source>
            <extracomment>{0}: len(claims) (number); {1}: first; {2}: second; {3}: same if alike else ''</extracomment>
            <translation>有 {0} 幅图像存在多个内容不同的版本（{1} 和 {2}）。{3}请只保留一个版本，将其余版本移到其他文件夹，再重新打开该文件夹。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="291" />
            <source>pixel spacing</source>
            <translation>像素间距</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="296" />
            <source>image type</source>
            <translation>图像类型</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="299" />
            <source>One of {0} pictures in this series.</source>
            <extracomment>{0}: len(stacks) (number)</extracomment>
            <translation>该序列 {0} 幅图像之一。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="301" />
            <source>One of {0} stacks in this series: {1} differ.</source>
            <extracomment>{0}: len(stacks) (number); {1}: _and(names)</extracomment>
            <translation>该序列 {0} 个层面组之一：{1}各不相同。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="301" />
            <source>One of {0} stacks in this series: {1} differs.</source>
            <extracomment>{0}: len(stacks) (number); {1}: _and(names)</extracomment>
            <translation>该序列 {0} 个层面组之一：{1}不同。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="325" />
            <source>picture {0} of {1}</source>
            <extracomment>{0}: number[known]; {1}: count[known]</extracomment>
            <translation>图像 {0}/{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="325" />
            <source>stack {0} of {1}</source>
            <extracomment>{0}: number[known]; {1}: count[known]</extracomment>
            <translation>层面组 {0}/{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="341" />
            <source>no image type</source>
            <translation>无图像类型</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="347" />
            <source>without a place</source>
            <translation>无位置信息</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="354" />
            <source>no pixel size</source>
            <translation>无像素大小</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="361" />
            <source>kernel {0}</source>
            <extracomment>{0}: stack.kind.reconstruction_kernel</extracomment>
            <translation>重建核 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="361" />
            <source>no kernel</source>
            <translation>无重建核</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="363" />
            <source>stack number {0}</source>
            <extracomment>{0}: stack.kind.stack_number</extracomment>
            <translation>层面组编号 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="363" />
            <source>no stack number</source>
            <translation>无层面组编号</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="365" />
            <source>no unit</source>
            <translation>无单位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="397" />
            <location filename="../../viewer/io/dicom.py" line="408" />
            <location filename="../../viewer/io/dicom.py" line="409" />
            <location filename="../../viewer/io/dicom.py" line="410" />
            <location filename="../../viewer/io/dicom.py" line="411" />
            <source>time {0}</source>
            <extracomment>{0}: v</extracomment>
            <translation>时间点 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="398" />
            <source>phase {0} %</source>
            <extracomment>{0}: v (number)</extracomment>
            <translation>期相 {0} %</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="399" />
            <location filename="../../viewer/io/dicom.py" line="400" />
            <source>trigger {0} ms</source>
            <extracomment>{0}: v (number)</extracomment>
            <translation>触发 {0} ms</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="401" />
            <source>TE {0} ms</source>
            <extracomment>{0}: v (number)</extracomment>
            <translation>TE {0} ms</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="402" />
            <source>echo {0}</source>
            <extracomment>{0}: v</extracomment>
            <translation>回波 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="403" />
            <source>b {0} s/mm²</source>
            <extracomment>{0}: v (number)</extracomment>
            <translation>b {0} s/mm²</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="403" />
            <source>no b-value</source>
            <translation>无 b 值</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="404" />
            <source>direction {0}</source>
            <extracomment>{0}: n + 1 (number)</extracomment>
            <translation>方向 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="404" />
            <source>no direction</source>
            <translation>无方向</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="405" />
            <source>TI {0} ms</source>
            <extracomment>{0}: v (number)</extracomment>
            <translation>TI {0} ms</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="406" />
            <source>flip angle {0}°</source>
            <extracomment>{0}: v (number)</extracomment>
            <translation>翻转角 {0}°</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="407" />
            <source>acquisition {0}</source>
            <extracomment>{0}: v</extracomment>
            <translation>采集 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="438" />
            <source>Split into {0} volumes by image number alone: the files do not say what sets them apart.</source>
            <extracomment>{0}: len(found) (number)</extracomment>
            <translation>仅按图像编号拆分为 {0} 个体数据：文件没有说明它们的区别。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="522" />
            <source>index {0}</source>
            <extracomment>{0}: ', '.join(map(str, row))</extracomment>
            <translation>索引 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="536" />
            <source>volume {0}</source>
            <extracomment>{0}: n + 1 (number)</extracomment>
            <translation>体数据 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="564" />
            <source>{0} of the series has {1} of {2} slices.</source>
            <extracomment>{0}: part_of; {1}: len(part.slices) (number); {2}: of_all</extracomment>
            <translation>该序列的“{0}”只有 {2} 层中的 {1} 层。</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="619" />
            <source>Some images are there more than once with different contents.</source>
            <translation>部分图像存在多个内容不同的版本。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="707" />
            <source>A single picture without a place in the patient.</source>
            <translation>单幅图像，没有在患者体内的位置。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="710" />
            <source>{0} frames over time</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>{0} 帧时间序列</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="710" />
            <source>{0} frames without positions</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>{0} 帧，无位置信息</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="711" />
            <source>{0}: nothing is measured across them.</source>
            <extracomment>{0}: frames</extracomment>
            <translation>{0}：不做跨帧测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="713" />
            <source>{0} slices whose pixel size is missing or not positive.</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>{0} 层，像素大小缺失或不是正数。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="714" />
            <source>{0} pictures whose positions or orientations are missing or unusable.</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>{0} 幅图像，位置或方向缺失或不可用。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="728" />
            <source>Its padding differs from slice to slice and is shown like a measurement.</source>
            <translation>各层的填充值不同，按测量值显示。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="734" />
            <source>Slices have different rescales: each has its own applied.</source>
            <translation>各层的换算系数（Rescale）不同：已分别应用。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="50" />
            <location filename="../../training/dataset.py" line="43" />
            <source>patient</source>
            <translation>患者</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="19" />
            <source>study</source>
            <translation>检查</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="1" />
            <source>series</source>
            <translation>序列</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="53" />
            <source>modality</source>
            <translation>设备类型</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="54" />
            <source>matrix</source>
            <translation>矩阵</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="55" />
            <source>colour</source>
            <translation>彩色</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="56" />
            <source>inversion</source>
            <translation>灰度反转</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="57" />
            <source>unit</source>
            <translation>单位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="58" />
            <source>frame of reference</source>
            <translation>参考坐标系</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="59" />
            <source>reconstruction kernel</source>
            <translation>重建核</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="60" />
            <source>part of the signal</source>
            <translation>信号分量</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="61" />
            <source>stack number</source>
            <translation>层面组编号</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="62" />
            <source>ultrasound regions</source>
            <translation>超声区域</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="63" />
            <source>having a position</source>
            <translation>有无位置信息</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="36" />
            <source>orientation</source>
            <translation>方向</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="364" />
            <source>grey</source>
            <translation>灰阶</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom.py" line="388" />
            <source>unnamed</source>
            <translation>未命名</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="231" />
            <source>One of its texts is longer than DICOM allows, and is cut.</source>
            <translation>有一项文字超出 DICOM 允许的长度，已截短。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="247" />
            <source>Some letters of its texts are not in the character set that it declares, and are shown as �.</source>
            <translation>部分文字不在所声明的字符集中，显示为 �。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="314" />
            <source>it ends in the middle of an element</source>
            <translation>文件在某个数据元素中间结束</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="326" />
            <source>the file is not DICOM; open a DICOM, NIfTI, NRRD, MHA, PNG or JPEG file instead</source>
            <translation>该文件不是 DICOM；请打开 DICOM、NIfTI、NRRD、MHA、PNG 或 JPEG 文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="386" />
            <source>({0},{1}) reaches beyond the end of the file</source>
            <extracomment>{0}: group; {1}: element</extracomment>
            <translation>({0},{1}) 超出了文件末尾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="428" />
            <source>it ends too early</source>
            <translation>文件过早结束</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="432" />
            <source>a sequence reaches beyond the end of the item around it</source>
            <translation>有一个数据序列（SQ）超出了所在条目的末尾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="445" />
            <source>({0},{1}) stands where an item of a sequence should begin</source>
            <extracomment>{0}: group; {1}: element</extracomment>
            <translation>数据序列（SQ）的条目起始处出现了 ({0},{1})</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="448" />
            <source>its header has more than {0} sequence items; no image needs so many</source>
            <extracomment>{0}: _MAX_ITEMS (number)</extracomment>
            <translation>文件头中的序列条目超过 {0} 个，正常图像不会如此</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="450" />
            <source>an item of a sequence reaches beyond its end</source>
            <translation>数据序列（SQ）中有一个条目超出了其末尾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="495" />
            <source>its item</source>
            <translation>所在条目</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="495" />
            <source>the file</source>
            <translation>文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="496" />
            <source>({0},{1}) reaches beyond the end of {2}</source>
            <extracomment>{0}: group; {1}: element; {2}: end</extracomment>
            <translation>({0},{1}) 超出了{2}的末尾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="500" />
            <source>its sequences are nested more than {0} deep; no image needs that</source>
            <extracomment>{0}: _MAX_DEPTH</extracomment>
            <translation>数据序列（SQ）嵌套超过 {0} 层，正常图像不会如此</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="515" />
            <source>its header has more than {0} elements; no image needs so many</source>
            <extracomment>{0}: _MAX_ELEMENTS (number)</extracomment>
            <translation>文件头中的数据元素超过 {0} 个，正常图像不会如此</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="557" />
            <source>its deflated data cannot be inflated</source>
            <translation>deflate 压缩的数据无法解压</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="571" />
            <source>an element reaches beyond the end of the file</source>
            <translation>有一个数据元素超出了文件末尾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="596" />
            <source>Its texts are in an unknown character set; letters other than A to Z are shown as �.</source>
            <translation>文字的字符集未知；A 至 Z 以外的字符显示为 �。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="598" />
            <source>Its texts have letters other than A to Z but no character set for them; they may be wrong.</source>
            <translation>文字含有 A 至 Z 以外的字符，但没有声明字符集；显示可能有误。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="668" />
            <source>its header is truncated or damaged ({0}); fetch the file again</source>
            <extracomment>{0}: what</extracomment>
            <translation>文件头被截断或已损坏（{0}）；请重新获取该文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_header.py" line="672" />
            <source>its header is longer than {0} MB; no image needs so much</source>
            <extracomment>{0}: _MAX_HEADER_BYTES &gt;&gt; 20 (number)</extracomment>
            <translation>文件头超过 {0} MB，正常图像不会如此</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="47" />
            <source>a DICOMDIR, an index of other files; open the folder it lies in</source>
            <translation>DICOMDIR，即其他文件的索引；请打开其所在的文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="49" />
            <source>a radiotherapy dose, which this version does not show yet</source>
            <translation>放疗剂量，本版本尚不能显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="51" />
            <source>a radiotherapy structure set; open the series that it was drawn on, then choose Import annotations in the menu File</source>
            <translation>放疗结构集；请打开绘制时的序列，再在“文件”菜单中选择“导入标注”</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="54" />
            <location filename="../../viewer/io/dicom_instance.py" line="55" />
            <source>a radiotherapy plan or record, which holds no picture</source>
            <translation>放疗计划或记录，不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="57" />
            <location filename="../../viewer/io/dicom_instance.py" line="60" />
            <source>a segmentation; open the series that it was drawn on, then choose Import annotations in the menu File</source>
            <translation>分割；请打开绘制时的序列，再在“文件”菜单中选择“导入标注”</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="62" />
            <source>raw data, a registration or a surface, which holds no picture</source>
            <translation>原始数据、配准或表面，不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="63" />
            <source>a parametric map, which this version does not show yet</source>
            <translation>参数图，本版本尚不能显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="64" />
            <source>a list of key images, which holds no picture</source>
            <translation>关键图像列表，不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="65" />
            <source>a report of radiation dose, which holds no picture</source>
            <translation>辐射剂量报告，其中没有图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="67" />
            <source>a structured report; if it holds measurements, open the series that it was made on, then choose Import annotations in the menu File</source>
            <translation>结构化报告；若含测量，请打开所针对的序列，再在“文件”菜单中选择“导入标注”</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="70" />
            <source>a PDF document; open it with a program for PDF</source>
            <translation>PDF 文档；请用 PDF 阅读器打开</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="71" />
            <source>a document or model in a DICOM envelope, which holds no picture</source>
            <translation>以 DICOM 封装的文档或模型，不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="72" />
            <source>a presentation state, which says how to show other pictures and holds none</source>
            <translation>显示状态对象，只说明如何显示其他图像，本身不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="73" />
            <source>a waveform (ECG, sound ...), which holds no picture</source>
            <translation>波形（心电、声音等），不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="74" />
            <source>MR spectroscopy, which holds no picture</source>
            <translation>磁共振波谱，不含图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="75" />
            <source>a microscopy slide in tiles, which this version does not show</source>
            <translation>分块的显微玻片，本版本不能显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="293" />
            <source>the file has changed since it was listed; open its folder again</source>
            <translation>文件在列出之后发生了变化；请重新打开其所在文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="346" />
            <source>this DICOM object holds no picture ({0})</source>
            <extracomment>{0}: name if name != storage else 'of no known kind'</extracomment>
            <translation>该 DICOM 对象不含图像（{0}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="346" />
            <source>of no known kind</source>
            <translation>类型未知</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="348" />
            <source>its picture is a video (MPEG or similar), which this version does not play; export frames</source>
            <translation>图像是视频（MPEG 或类似格式），本版本不能播放；请导出为单帧</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="362" />
            <source>this DICOM object is {0}</source>
            <extracomment>{0}: kind</extracomment>
            <translation>该 DICOM 对象是{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="377" />
            <source>its header speaks of {0} frames; no image needs so many, fetch the file again</source>
            <extracomment>{0}: pixels.frames</extracomment>
            <translation>文件头标为 {0} 帧，正常图像不会如此；请重新获取该文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="390" />
            <source>it is truncated or its header is wrong: at least {0} bytes of pixels are promised, {1} are there; fetch the file again</source>
            <extracomment>{0}: promised (number); {1}: here (number)</extracomment>
            <translation>文件被截断或文件头有误：像素数据至少应有 {0} 字节，实有 {1} 字节；请重新获取该文件</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="405" />
            <source>The file describes {0} of its {1} frames.</source>
            <extracomment>{0}: groups.described; {1}: pixels.frames</extracomment>
            <translation>文件的 {1} 帧中只有 {0} 帧有说明。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="407" />
            <source>The file does not tell whether small values are dark or bright: they are shown dark.</source>
            <translation>文件没有说明小数值应显示为暗还是亮：按暗显示。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="481" />
            <source>Parts of the picture have scales of their own: measure within one part.</source>
            <translation>图像的各部分有各自的比例尺：请在同一部分内测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="502" />
            <source>The file does not say whether its pixel size is that of the patient or of the detector.</source>
            <translation>文件没有说明像素大小是患者平面还是探测器平面上的。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="505" />
            <source>of about {0}</source>
            <extracomment>{0}: factor (number)</extracomment>
            <translation>（约 {0} 倍）</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="506" />
            <source>The pixel size is that at the detector: real sizes are smaller by the magnification{0}.</source>
            <extracomment>{0}: by</extracomment>
            <translation>像素大小是探测器平面上的：实际尺寸要除以放大倍数{0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="512" />
            <source>The pixel size of the file is not positive and is not used.</source>
            <translation>文件中的像素大小不是正数，未采用。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="600" />
            <source>This is a mosaic of slices: the place of a tile in the patient is not known.</source>
            <translation>这是多个层面的拼图：各小图在患者体内的位置未知。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="602" />
            <source>The position of a slice is not three numbers and is not used.</source>
            <translation>有一层的位置不是三个数，未采用。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="604" />
            <source>The orientation of a slice is no pair of perpendicular unit vectors and is not used.</source>
            <translation>有一层的方向不是一对相互垂直的单位向量，未采用。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="675" />
            <location filename="../../viewer/io/dicom_instance.py" line="684" />
            <source>Its table from values to grey is damaged and is not used.</source>
            <translation>数值到灰阶的查找表已损坏，未采用。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="680" />
            <source>Its table of {0} greys is left aside: each slice has one of its own.</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>含 {0} 个灰阶的查找表未采用：各层都有自己的查找表。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="699" />
            <source>, {0} to 1</source>
            <extracomment>{0}: round(ratios[-1], None if ratios[-1] &gt;= 10 else 1) (number)</extracomment>
            <translation>，压缩比 {0}:1</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="700" />
            <source>The pictures were compressed with loss{0}.</source>
            <extracomment>{0}: by</extracomment>
            <translation>图像经过有损压缩{0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="97" />
            <source>magnitude</source>
            <translation>幅值</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="98" />
            <source>phase</source>
            <translation>相位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="99" />
            <source>real</source>
            <translation>实部</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_instance.py" line="100" />
            <source>imaginary</source>
            <translation>虚部</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="38" />
            <source>its values need an array of {0}; open the series again</source>
            <extracomment>{0}: value_type</extracomment>
            <translation>其数值需要 {0} 类型的数组；请重新打开该序列</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="74" />
            <source>Its modality table is damaged: stored values are shown, without a unit.</source>
            <translation>模态查找表（Modality LUT）已损坏：显示存储值，不带单位。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="106" />
            <source>it is truncated: its pixels do not fit into a file of its size; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件被截断：像素数据超出了文件的大小；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="121" />
            <source>the picture has another size than when it was listed; open its folder again</source>
            <translation>图像大小与列出时不同；请重新打开其所在文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="123" />
            <source>the file has no frame {0}; open its folder again</source>
            <extracomment>{0}: frame_number + 1 (number)</extracomment>
            <translation>文件中没有第 {0} 帧；请重新打开其所在文件夹</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="178" />
            <source>it is truncated: its header speaks of {0} bytes of pixels, {1} are there; {2}</source>
            <extracomment>{0}: max(self._length, pixels.frames * pixels.frame_bytes); {1}: max(here, 0); {2}: FETCH</extracomment>
            <translation>文件被截断：文件头标明像素数据有 {0} 字节，实有 {1} 字节；{2}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="222" />
            <source>its colours are shared by pairs of pixels, but its rows have an odd length; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>颜色由相邻两个像素共用，但行长度为奇数；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="237" />
            <source>its pixels are compressed, but its transfer syntax says they are not; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>像素数据是压缩的，但传输语法标为未压缩；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="241" />
            <source>fractions cannot be compressed as {0}; {1}</source>
            <extracomment>{0}: UID(self._syntax).name; {1}: FETCH</extracomment>
            <translation>小数像素值不能以 {0} 压缩；{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="285" />
            <source>its palette has colours of different lengths; export it as RGB</source>
            <translation>调色板各颜色的长度不同；请导出为 RGB</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="299" />
            <source>Its rescale is not a number: stored values are shown, without a unit.</source>
            <translation>换算系数（Rescale）不是数字：显示存储值，不带单位。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="302" />
            <source>Its rescale is impossible (slope {0}, intercept {1}): stored values are shown, without a unit.</source>
            <extracomment>{0}: slope (number); {1}: intercept (number)</extracomment>
            <translation>换算系数（Rescale）不合理（斜率 {0}，截距 {1}）：显示存储值，不带单位。</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="351" />
            <source>it ends within its pixels; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件在像素数据中结束；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_pixels.py" line="393" />
            <source>its palette ({0}) cannot be read; export it as RGB</source>
            <extracomment>{0}: colour.lower()</extracomment>
            <translation>无法读取调色板（{0}）；请导出为 RGB</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="27" />
            <source>The DICOM files do not say where these slices lie. Save the labels as NIfTI, NRRD or MHA instead.</source>
            <translation>DICOM 文件没有说明这些层的位置。请改将标签保存为 NIfTI、NRRD 或 MHA。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="91" />
            <source>Save the labels as NIfTI, NRRD or MHA instead.</source>
            <translation>请改将标签保存为 NIfTI、NRRD 或 MHA。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="93" />
            <source>These files name no DICOM images (SOPInstanceUID) that a DICOM object could belong to. {0}</source>
            <extracomment>{0}: instead</extracomment>
            <translation>这些文件没有 DICOM 图像标识（SOPInstanceUID），DICOM 对象无所归属。{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="95" />
            <source>These slices were resampled to a grid that none of the DICOM files has. {0}</source>
            <extracomment>{0}: instead</extracomment>
            <translation>这些层已重采样到 DICOM 文件所没有的网格。{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="97" />
            <source>The DICOM files name no study (StudyInstanceUID) that a DICOM object could belong to. {0}</source>
            <extracomment>{0}: instead</extracomment>
            <translation>DICOM 文件没有检查标识（StudyInstanceUID），DICOM 对象无所归属。{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="99" />
            <source>Several slices lie at one place: a DICOM object could not tell them apart. {0}</source>
            <extracomment>{0}: instead</extracomment>
            <translation>多个层位于同一位置：DICOM 对象无法区分它们。{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="101" />
            <source>Some of the DICOM files name no instance (SOPInstanceUID) that could be referred to. {0}</source>
            <extracomment>{0}: instead</extracomment>
            <translation>部分 DICOM 文件没有可供引用的实例标识（SOPInstanceUID）。{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="130" />
            <source>it does not say what it is or which series it belongs to</source>
            <translation>它没有说明自己是什么或属于哪个序列</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="140" />
            <location filename="../../viewer/io/files.py" line="270" />
            <source>{0} is no longer where it was; open its folder again</source>
            <extracomment>{0}: archives.shown_name(file)</extracomment>
            <translation>{0} 已不在原处；请重新打开其所在文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/dicom_source.py" line="202" />
            <source>{0} came back {1} mm from its place in slice {2}; nothing was saved</source>
            <extracomment>{0}: name; {1}: apart (number); {2}: k + 1 (number)</extracomment>
            <translation>{0} 重新读取后，第 {2} 层偏离其位置 {1} mm；未保存任何内容</translation>
            <extra-numbers>1 2</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="40" />
            <source>this is no image that Slicewise knows (DICOM, NIfTI, NRRD, MHA, PNG, JPEG)</source>
            <translation>不是 Slicewise 支持的图像（DICOM、NIfTI、NRRD、MHA、PNG、JPEG）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="44" />
            <source>its voxels are in a file of their own (NIfTI or Analyze in two parts); save it as one .nii file</source>
            <translation>体素在单独的文件中（分成两个文件的 NIfTI 或 Analyze）；请保存为一个 .nii 文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="101" />
            <location filename="../../viewer/io/found_objects.py" line="254" />
            <source>the file cannot be read ({0})</source>
            <extracomment>{0}: error.strerror or 'it is damaged'</extracomment>
            <translation>无法读取该文件（{0}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="101" />
            <location filename="../../viewer/io/files.py" line="273" />
            <location filename="../../viewer/io/found_objects.py" line="254" />
            <source>it is damaged</source>
            <translation>文件已损坏</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="103" />
            <source>it needs more memory than there is; the file may be damaged, fetch it again</source>
            <translation>所需内存超出可用内存；文件可能已损坏，请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="105" />
            <source>the file is damaged in an unforeseen way; fetch it again</source>
            <translation>文件以未预料的方式损坏；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="187" />
            <source>{0} files of its series are damaged ({1})</source>
            <extracomment>{0}: len(missed) (number); {1}: sentences[0]</extracomment>
            <translation>所属序列中有 {0} 个文件已损坏（{1}）</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="210" />
            <source>some of its images are there more than once</source>
            <translation>其中部分图像有多份</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="225" />
            <source>its other slices make no series</source>
            <translation>其余层面不能组成一个序列</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="264" />
            <location filename="../../viewer/io/pictures.py" line="95" />
            <location filename="../../viewer/io/volume_files.py" line="109" />
            <source>it has changed since it was listed; open its folder again</source>
            <translation>文件在列出之后发生了变化；请重新打开其所在文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="274" />
            <location filename="../../inference/bring.py" line="616" />
            <location filename="../../inference/model_file.py" line="64" />
            <location filename="../../inference/onnx_file.py" line="101" />
            <location filename="../../training/classified_pictures.py" line="297" />
            <source>{0} cannot be read ({1})</source>
            <extracomment>{0}: archives.shown_name(file); {1}: why</extracomment>
            <translation>无法读取 {0}（{1}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="288" />
            <source>Read slice {0} of {1}</source>
            <extracomment>{0}: number (number); {1}: count (number)</extracomment>
            <translation>已读取第 {0} 层，共 {1} 层</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="290" />
            <source>Reading {0} slices</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>正在读取 {0} 层</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="362" />
            <source>One slice.</source>
            <translation>单层。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="386" />
            <source>{0}: volumes are written as {1}</source>
            <extracomment>{0}: path.name; {1}: ', '.join(WRITABLE_SUFFIXES)</extracomment>
            <translation>{0}：体数据可保存为 {1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="392" />
            <location filename="../../viewer/io/label_files.py" line="103" />
            <location filename="../../viewer/io/label_files.py" line="157" />
            <source>{0} came back with other voxels than were written; nothing was saved</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 写入后读回的体素与原数据不同；未保存</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="394" />
            <source>{0} cannot hold this geometry exactly; nothing was saved, try .nrrd</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 无法精确保存该几何信息；未保存，请改用 .nrrd</translation>
        </message>
        <message>
            <location filename="../../viewer/io/files.py" line="398" />
            <location filename="../../viewer/io/label_files.py" line="101" />
            <source>{0} cannot be written ({1})</source>
            <extracomment>{0}: path.name; {1}: _first_line(error)</extracomment>
            <translation>无法写入 {0}（{1}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/finding_table.py" line="41" />
            <source>The file that was written is not what was answered; not saved.</source>
            <translation>写出的文件与回答不一致；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/finding_table.py" line="159" />
            <source>slice: from 1 along slice_axis; corners_ijk: voxel indices from 0, column, row, slice, centres of voxels at whole numbers; corners_lps_mm: DICOM patient system</source>
            <translation>slice：沿 slice_axis 从 1 开始；corners_ijk：从 0 开始的体素索引（列、行、层），整数处为体素中心；corners_lps_mm：DICOM 患者坐标系</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="49" />
            <source>this is no image</source>
            <translation>这不是图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="51" />
            <source>its sform and its qform put it in two places; save it with one of them</source>
            <translation>其 sform 与 qform 把它放在两个位置；请只保留其一再保存</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="59" />
            <source>its values are colours, not labels</source>
            <translation>其值是颜色而非标签</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="61" />
            <source>it does not say where its voxels lie in the patient, so it has no place on this series</source>
            <translation>它没有说明体素在患者体内的位置，因此无法放到本序列上</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="63" />
            <source>Label {0} of layer {1}</source>
            <extracomment>{0}: value; {1}: layer + 1 (number)</extracomment>
            <translation>第 {1} 层的标签 {0}</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="67" />
            <source>all its values are 0: it holds no label</source>
            <translation>其值全为 0：不含标签</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="69" />
            <source>label map</source>
            <translation>标签图</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="80" />
            <source>it has more than {0} different values, so it is no label map</source>
            <extracomment>{0}: MAX_LABELS</extracomment>
            <translation>它有超过 {0} 个不同的值，因此不是标签图</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="100" />
            <source>its values are not whole numbers, so it is no label map</source>
            <translation>其值不是整数，因此不是标签图</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="104" />
            <source>its values are not those of a label map, which are from 0 to {0}</source>
            <extracomment>{0}: _LARGEST_VALUE</extracomment>
            <translation>其值不是标签图的值（0 至 {0}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="123" />
            <source>Layer</source>
            <translation>图层</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="180" />
            <source>{0} beside it, which names its labels, is damaged; move it away</source>
            <extracomment>{0}: beside.name</extracomment>
            <translation>其旁边为标签命名的 {0} 已损坏；请将其移走</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_label_files.py" line="185" />
            <source>Its labels are named by {0} beside it, which was written for another file.</source>
            <extracomment>{0}: beside.name</extracomment>
            <translation>其标签由旁边的 {0} 命名，而该文件是为另一个文件写的。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="51" />
            <location filename="../../viewer/io/segmentation_objects.py" line="46" />
            <location filename="../../resources/presets/volume_rendering.json" line="28" />
            <source>Tissue</source>
            <translation>组织</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="53" />
            <source>the file is damaged, or not what it says it is; fetch it again</source>
            <translation>文件已损坏，或与其声明不符；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="166" />
            <source>more voxels than can be held</source>
            <translation>体素数量超出可容纳范围</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="169" />
            <source>no such plane</source>
            <translation>没有这样的平面</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="181" />
            <source>no such outline</source>
            <translation>没有这样的轮廓</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="186" />
            <source>no points of a patient</source>
            <translation>没有患者坐标系中的点</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="189" />
            <source>not as long as it says</source>
            <translation>长度与其声明不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="217" />
            <source>reading it took longer than {0} seconds; the file may be damaged</source>
            <extracomment>{0}: _LIMIT_S (number)</extracomment>
            <translation>读取超过 {0} 秒；文件可能已损坏</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="226" />
            <source>it needs more memory than it may have, or ended its reader; the file may be damaged</source>
            <translation>读取它所需内存超出限制，或使读取进程终止；文件可能已损坏</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="252" />
            <source>it needs more memory than it may have; the file may be damaged</source>
            <translation>读取它所需内存超出限制；文件可能已损坏</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="274" />
            <source>it holds more than can be shown</source>
            <translation>其内容多于能够显示的</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="290" />
            <location filename="../../viewer/io/found_objects.py" line="294" />
            <source>this is no DICOM object</source>
            <translation>这不是 DICOM 对象</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="305" />
            <source>this DICOM object holds no segmentation, structure set or report of measurements</source>
            <translation>此 DICOM 对象不含分割、结构集或测量报告</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="335" />
            <source>it segments a slide in tiles, which this version does not show</source>
            <translation>它分割的是分块的病理切片，本版本不显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="398" />
            <source>It holds fractions: a voxel belongs to a segment from one half on.</source>
            <translation>其中是比例值：达到一半的体素属于该分割。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="400" />
            <source>{0} voxels of segments that its table does not name were left out.</source>
            <extracomment>{0}: unknown</extracomment>
            <translation>{0} 个其表中未列出的分割的体素已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="419" />
            <source>its pixels are cut off; fetch the file again</source>
            <translation>其像素被截断；请重新获取文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="451" />
            <source>it does not tell where its frames lie in the patient</source>
            <translation>它没有说明各帧在患者体内的位置</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="473" />
            <source>it does not tell where its frames lie in the patient, nor of which image each of them is</source>
            <translation>它既没有说明各帧在患者体内的位置，也没有说明每帧对应哪幅图像</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="535" />
            <source>its structures lie in several frames of reference</source>
            <translation>其结构位于多个参考坐标系</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="560" />
            <source>its outlines have more points than can be shown</source>
            <translation>其轮廓的点数多于能够显示的</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="568" />
            <source>it holds no closed outline</source>
            <translation>其中没有闭合轮廓</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="570" />
            <source>{0} points and open lines, which enclose nothing, were left out.</source>
            <extracomment>{0}: other</extracomment>
            <translation>{0} 个不围成区域的点和开放线已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_objects.py" line="572" />
            <source>Structures without an outline were left out: {0}.</source>
            <extracomment>{0}: ', '.join(missing[:6])</extracomment>
            <translation>没有轮廓的结构已略去：{0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="26" />
            <source>Kind of measurement</source>
            <translation>测量种类</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="27" />
            <source>Directions of the oblique plane</source>
            <translation>斜面的方向</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="30" />
            <source>(mm at the detector)</source>
            <translation>（探测器处的毫米）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="186" />
            <source>{0} of {1} measurements lie on other images than those of this series.</source>
            <extracomment>{0}: elsewhere; {1}: all_</extracomment>
            <translation>{1} 个测量中有 {0} 个位于其他图像上。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="188" />
            <source>{0} measurements that lie on no slice of this series were left out.</source>
            <extracomment>{0}: between</extracomment>
            <translation>{0} 个不在本序列任何层面上的测量已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="190" />
            <source>{0} measurements of a shape that Slicewise does not have were left out.</source>
            <extracomment>{0}: unknown</extracomment>
            <translation>{0} 个 Slicewise 没有的形状的测量已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/found_reports.py" line="192" />
            <source>The report holds no measurement with a place on an image.</source>
            <translation>报告中没有在图像上有位置的测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_export.py" line="39" />
            <source>Normalised predictive entropy</source>
            <translation>归一化预测熵</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_export.py" line="42" />
            <source>Occlusion map</source>
            <translation>遮挡图</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_export.py" line="44" />
            <location filename="../../viewer/io/reports.py" line="383" />
            <source>no units</source>
            <translation>无单位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_export.py" line="158" />
            <location filename="../../viewer/io/segmentation_objects.py" line="253" />
            <location filename="../../viewer/io/structure_sets.py" line="61" />
            <source>Reading the headers of the series</source>
            <translation>正在读取序列的文件头</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_export.py" line="219" />
            <source>{0} was not saved: {1}</source>
            <extracomment>{0}: path.name; {1}: _reason(error)</extracomment>
            <translation>{0} 未保存：{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="31" />
            <source>These slices make no volume, and this format holds nothing else. Save the labels as a DICOM segmentation, or resample the series to a regular grid first.</source>
            <translation>这些层不构成体积，而此格式只能保存体积。请将标签保存为 DICOM 分割，或先将序列重采样到规则网格。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="65" />
            <source>{0}: label maps are written as {1}</source>
            <extracomment>{0}: path.name; {1}: ', '.join(LABEL_SUFFIXES)</extracomment>
            <translation>{0}：标签图可写为 {1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="77" />
            <source>{0} came back with other content; nothing was saved</source>
            <extracomment>{0}: table.name</extracomment>
            <translation>{0} 重新读取后内容不同；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="90" />
            <location filename="../../viewer/io/segmentation_objects.py" line="113" />
            <location filename="../../viewer/io/structure_sets.py" line="69" />
            <location filename="../../viewer/study_runs.py" line="206" />
            <source>Writing {0}</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>正在写入 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="98" />
            <location filename="../../viewer/io/label_files.py" line="106" />
            <location filename="../../viewer/io/segmentation_objects.py" line="421" />
            <location filename="../../viewer/io/structure_sets.py" line="210" />
            <source>Reading {0} again</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>正在重新读取 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="105" />
            <location filename="../../viewer/io/label_files.py" line="150" />
            <source>{0} cannot hold this geometry exactly; nothing was saved, try .seg.nrrd</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 无法精确保存此几何；未保存任何内容，请尝试 .seg.nrrd</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="111" />
            <location filename="../../viewer/io/segmentation_objects.py" line="515" />
            <location filename="../../viewer/io/structure_sets.py" line="200" />
            <source>{0} came back with other names of labels; nothing was saved</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 重新读取后标签名称不同；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_files.py" line="153" />
            <source>{0} came back at another place; nothing was saved</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 重新读取后位于另一位置；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_lists.py" line="47" />
            <source>too large</source>
            <translation>过大</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_lists.py" line="50" />
            <source>it cannot be read</source>
            <translation>无法读取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_lists.py" line="50" />
            <source>it is not a list of labels</source>
            <translation>它不是标签列表</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_lists.py" line="51" />
            <source>{0} is not used: {1}</source>
            <extracomment>{0}: path.name; {1}: why</extracomment>
            <translation>未使用 {0}：{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_lists.py" line="54" />
            <source>{0} is not used: it is not a list of labels</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>未使用 {0}：它不是标签列表</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_process.py" line="62" />
            <location filename="../../inference/worker.py" line="385" />
            <source>exit code {0}</source>
            <extracomment>{0}: child.returncode</extracomment>
            <translation>退出代码 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_process.py" line="63" />
            <source>{0} was not saved: the process that writes it ended ({1})</source>
            <extracomment>{0}: path.name; {1}: why[:200]</extracomment>
            <translation>{0} 未保存：写入它的进程已结束（{1}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="40" />
            <source>its label {0} is there more than once</source>
            <extracomment>{0}: label.name</extracomment>
            <translation>其标签 {0} 出现了不止一次</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="64" />
            <source>there is no label map and no DICOM segmentation in {0}</source>
            <extracomment>{0}: folder</extracomment>
            <translation>{0} 中没有标签图，也没有 DICOM 分割</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="73" />
            <source>{0} references are there for this series; leave one of them</source>
            <extracomment>{0}: len(found) (number)</extracomment>
            <translation>此序列有 {0} 个参考；请只保留其中一个</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="82" />
            <source>it lies on another grid ({0}) than the series ({1})</source>
            <extracomment>{0}: _words(one); {1}: _words(series)</extracomment>
            <translation>它所在的网格（{0}）与序列的网格（{1}）不同</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="88" />
            <source>it is a report, not a segmentation</source>
            <translation>这是报告，不是分割</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="91" />
            <source>it was drawn on another series</source>
            <translation>它是在另一个序列上绘制的</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="95" />
            <source>a part of it lies outside the series</source>
            <translation>其中一部分位于序列之外</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="131" />
            <source>{0} voxels of {1} mm</source>
            <extracomment>{0}: size; {1}: spacing</extracomment>
            <translation>{0} 个体素，每个 {1} mm</translation>
        </message>
        <message>
            <location filename="../../viewer/io/label_references.py" line="131" />
            <source>{0} voxels</source>
            <extracomment>{0}: size</extracomment>
            <translation>{0} 个体素</translation>
        </message>
        <message>
            <location filename="../../viewer/io/library.py" line="174" />
            <source>this series is no longer in the library; open its folder again</source>
            <translation>该序列已不在图像库中；请重新打开其所在文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/library.py" line="339" />
            <source>the list of studies could not be written ({0}); try again</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法写入检查列表（{0}）；请重试</translation>
        </message>
        <message>
            <location filename="../../viewer/io/library.py" line="647" />
            <source>the list of studies cannot be read ({0}); start the program again</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法读取检查列表（{0}）；请重新启动程序</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="38" />
            <source>{0}: surfaces are written as {1}</source>
            <extracomment>{0}: path.name; {1}: ', '.join(MESH_SUFFIXES)</extracomment>
            <translation>{0}：表面可保存为 {1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="40" />
            <source>{0} has no surface</source>
            <extracomment>{0}: mesh.name</extracomment>
            <translation>{0} 没有表面</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="54" />
            <source>{0} is damaged ({1})</source>
            <extracomment>{0}: path.name; {1}: error</extracomment>
            <translation>{0} 已损坏（{1}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="60" />
            <source>{0} came back with {1} triangles of {2}; nothing was saved</source>
            <extracomment>{0}: name; {1}: len(back) (number); {2}: len(corners) (number)</extracomment>
            <translation>{0} 写入后只读回 {2} 个三角形中的 {1} 个；未保存</translation>
            <extra-numbers>1 2</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="63" />
            <source>{0} came back up to {1} mm from its place; nothing was saved</source>
            <extracomment>{0}: name; {1}: apart (number)</extracomment>
            <translation>{0} 写入后读回的位置最多偏移 {1} mm；未保存</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="67" />
            <source>{0} came back with another volume; nothing was saved</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 写入后读回的体积不同；未保存</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meshes.py" line="86" />
            <location filename="../../viewer/io/meshes.py" line="118" />
            <source>another length than its header says</source>
            <translation>长度与文件头不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="48" />
            <source>its voxels are of a kind that is not shown; convert it to MET_FLOAT</source>
            <translation>不支持该体素类型；请转换为 MET_FLOAT</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="50" />
            <source>its voxels are written as text; save it as binary data</source>
            <translation>体素以文本形式保存；请保存为二进制数据</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="59" />
            <location filename="../../viewer/io/nrrd.py" line="143" />
            <source>its voxels are in many files; save it in one file</source>
            <translation>体素分散在多个文件中；请保存为一个文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="61" />
            <location filename="../../viewer/io/nrrd.py" line="138" />
            <source>its voxels begin at a place that is not understood; save it in one file</source>
            <translation>体素的起始位置无法识别；请保存为一个文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="65" />
            <source>its values have a scale of their own, which is not applied; write it with a slope of 1</source>
            <translation>数值带有自己的比例，本程序不应用；请以斜率 1 保存</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="91" />
            <location filename="../../viewer/io/nrrd.py" line="130" />
            <source>the header is damaged: it gives {0} twice</source>
            <extracomment>{0}: name[:40]</extracomment>
            <translation>文件头已损坏：{0} 出现了两次</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="95" />
            <source>the file is not MetaImage, or its header is damaged</source>
            <translation>该文件不是 MetaImage，或文件头已损坏</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="101" />
            <location filename="../../viewer/io/volume_header.py" line="105" />
            <source>The voxel size is missing, zero, negative or not a number.</source>
            <translation>体素大小缺失、为零、为负或不是数字。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="103" />
            <source>Its voxel size is in {0}, not in mm.</source>
            <extracomment>{0}: fields['DistanceUnits'][:20]</extracomment>
            <translation>体素大小的单位是 {0}，不是 mm。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="109" />
            <source>the header is damaged: its matrix or its offset has another number of values than of axes</source>
            <translation>文件头已损坏：矩阵或偏移的数值个数与轴数不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="112" />
            <source>The axes of its matrix mix space with another axis: that is no grid.</source>
            <translation>矩阵把空间轴与其他轴混在一起，不构成网格。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="115" />
            <source>The voxels have no place: its matrix is zero, not a number or no rotation.</source>
            <translation>体素没有位置：矩阵为零、不是数字或不是旋转矩阵。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="116" />
            <source>its matrix</source>
            <translation>矩阵</translation>
        </message>
        <message>
            <location filename="../../viewer/io/meta_image.py" line="120" />
            <source>Its header names the orientation {0}, but its matrix says {1}; the matrix was used.</source>
            <extracomment>{0}: named; {1}: meant</extracomment>
            <translation>文件头标明的方向是 {0}，矩阵却给出 {1}；已采用矩阵。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="48" />
            <source>its compressed data is damaged or cut off; fetch it again</source>
            <translation>压缩数据已损坏或被截断；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="69" />
            <source>the header is damaged: it does not say where its voxels begin or how many there are</source>
            <translation>文件头已损坏：没有说明体素从何处开始或有多少</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="71" />
            <source>its voxels are of a kind that is not shown (NIfTI data type {0}); convert it to float32</source>
            <extracomment>{0}: code</extracomment>
            <translation>不支持该体素类型（NIfTI 数据类型 {0}）；请转换为 float32</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="76" />
            <source>the header is damaged: its data type and its bits per voxel contradict each other</source>
            <translation>文件头已损坏：数据类型与每体素位数相矛盾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="82" />
            <location filename="../../viewer/io/nrrd.py" line="175" />
            <location filename="../../viewer/io/volume_header.py" line="138" />
            <source>images with several values per voxel are shown only as 8-bit colours</source>
            <translation>每体素有多个值的图像只能按 8 位彩色显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="83" />
            <location filename="../../viewer/io/volume_header.py" line="123" />
            <source>images of {0} dimensions are not shown; split it into volumes</source>
            <extracomment>{0}: len(extent) (number)</extracomment>
            <translation>不能显示 {0} 维图像；请拆分为多个体数据</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="88" />
            <source>its scale is impossible (slope {0}, intercept {1}); write the file anew</source>
            <extracomment>{0}: slope (number); {1}: intercept (number)</extracomment>
            <translation>数值比例不合理（斜率 {0}，截距 {1}）；请重新生成该文件</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="118" />
            <source>the file is shorter than a NIfTI header</source>
            <translation>文件比 NIfTI 文件头还短</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="119" />
            <source>the file is not NIfTI in one part (it may be Analyze, which does not say where the voxels lie)</source>
            <translation>该文件不是单文件 NIfTI（可能是 Analyze，它不说明体素的位置）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="135" />
            <source>The unit of the voxel size is unknown.</source>
            <translation>体素大小的单位未知。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="137" />
            <source>The voxel size is zero, negative or not a number.</source>
            <translation>体素大小为零、为负或不是数字。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="138" />
            <source>Its lengths are in m or in µm; they were converted to mm.</source>
            <translation>长度单位是 m 或 µm，已换算为 mm。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="145" />
            <source>its sform</source>
            <translation>sform</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="148" />
            <source>The voxels have no place: its qform is no rotation.</source>
            <translation>体素没有位置：qform 不是旋转。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="151" />
            <source>its qform</source>
            <translation>qform</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="160" />
            <source>{0} Its {1} was used.</source>
            <extracomment>{0}: place.impossible; {1}: only.name</extracomment>
            <translation>{0}已采用 {1}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="162" />
            <source>Its sform and its voxel size (pixdim) disagree, and nothing is guessed.</source>
            <translation>sform 与体素大小（pixdim）不一致，程序不作猜测。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="178" />
            <source>and give it another voxel size</source>
            <translation>，体素大小也不同</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nifti.py" line="182" />
            <source>Its sform and its qform place the voxels up to {0} mm apart{1}: this is the place by its {2}.</source>
            <extracomment>{0}: apart (number); {1}: sizes; {2}: name</extracomment>
            <translation>sform 与 qform 给出的体素位置最多相差 {0} mm{1}：此处采用 {2} 的位置。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="70" />
            <source>its voxels are of a kind that is not shown; convert it to float32</source>
            <translation>不支持该体素类型；请转换为 float32</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="73" />
            <source>its voxels are written as text; save it as raw or gzip</source>
            <translation>体素以文本形式保存；请保存为 raw 或 gzip</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="77" />
            <source>the header is damaged: it does not say in which order its bytes come</source>
            <translation>文件头已损坏：没有说明字节顺序</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="81" />
            <source>the header is damaged: it has another number of kinds than of sizes</source>
            <translation>文件头已损坏：kinds 与 sizes 的个数不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="116" />
            <source>the file is not NRRD, whatever its name says</source>
            <translation>该文件不是 NRRD，与文件名不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="119" />
            <source>the header is damaged: it has no end</source>
            <translation>文件头已损坏：没有结尾</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="156" />
            <source>the header is damaged: it has another number of directions than of sizes</source>
            <translation>文件头已损坏：方向与 sizes 的个数不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="170" />
            <source>its axes are in an order that is not understood; save it as a volume or a series of them</source>
            <translation>轴的顺序无法识别；请保存为一个体数据或一组体数据</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="189" />
            <location filename="../../viewer/io/nrrd.py" line="194" />
            <source>The unit of the voxel size is no length.</source>
            <translation>体素大小的单位不是长度单位。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="200" />
            <source>Its space directions are incomplete.</source>
            <translation>空间方向不完整。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="207" />
            <source>its space directions</source>
            <translation>空间方向</translation>
        </message>
        <message>
            <location filename="../../viewer/io/nrrd.py" line="216" />
            <source>The voxels have no place: its space origin is not a number.</source>
            <translation>体素没有位置：空间原点不是数字。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/overlays.py" line="46" />
            <source>Overlay {0} of the file is damaged and is not drawn.</source>
            <extracomment>{0}: number (number)</extracomment>
            <translation>文件的叠加层 {0} 已损坏，未绘制。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="26" />
            <source>They are one stack only because their names differ by a number alone: they may be of different days or patients. Open one file alone to see it by itself.</source>
            <translation>仅因文件名只差一个数字，这些图像才被归为一组：它们可能来自不同日期或不同患者。单独打开一个文件即可单独查看。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="46" />
            <source>pictures inside a ZIP are not shown; unpack it first</source>
            <translation>不能显示 ZIP 中的图片；请先解压</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="57" />
            <source>A picture without a scale: distances are in pixels.</source>
            <translation>图片没有比例尺：距离以像素为单位。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="102" />
            <location filename="../../viewer/io/pictures.py" line="209" />
            <location filename="../../viewer/io/pictures.py" line="237" />
            <source>the picture is damaged; fetch it again</source>
            <translation>图片已损坏；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="115" />
            <source>the picture has other colours than its header says; fetch it again</source>
            <translation>图片的颜色与文件头不符；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="132" />
            <source>{0} pictures without positions: nothing is measured across them.</source>
            <extracomment>{0}: len(files) (number)</extracomment>
            <translation>{0} 幅图像，无位置信息：不做跨图像测量。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="156" />
            <source>the file is neither PNG nor JPEG, whatever its name says</source>
            <translation>该文件既不是 PNG 也不是 JPEG，与文件名不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="159" />
            <source>its header promises {0} x {1} pixels, which it cannot hold</source>
            <extracomment>{0}: picture.width; {1}: picture.height</extracomment>
            <translation>文件头标为 {0} x {1} 像素，文件容纳不下</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="171" />
            <source>the picture is damaged: it does not begin with its header</source>
            <translation>图片已损坏：开头不是文件头</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="174" />
            <source>the picture is damaged: there are no such colours</source>
            <translation>图片已损坏：不存在这样的颜色类型</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="177" />
            <source>Its colours have 16 bits; they are shown with 8.</source>
            <translation>颜色为 16 位，按 8 位显示。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="189" />
            <source>grey pictures that are partly transparent are not shown; save it without transparency</source>
            <translation>不能显示部分透明的灰阶图片；请去掉透明度后保存</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="191" />
            <source>It is partly transparent and shown in front of black.</source>
            <translation>图片部分透明，以黑色为背景显示。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="206" />
            <location filename="../../viewer/io/pictures.py" line="219" />
            <location filename="../../viewer/io/pictures.py" line="223" />
            <location filename="../../viewer/io/pictures.py" line="239" />
            <location filename="../../viewer/io/pictures.py" line="285" />
            <source>the picture is cut off; fetch it again</source>
            <translation>图片被截断；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="225" />
            <source>the picture is damaged: a checksum is wrong; fetch it again</source>
            <translation>图片已损坏：校验和错误；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="253" />
            <location filename="../../viewer/io/pictures.py" line="259" />
            <location filename="../../viewer/io/pictures.py" line="262" />
            <source>the picture is damaged or cut off before its pixels; fetch it again</source>
            <translation>图片已损坏，或在像素数据之前被截断；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="268" />
            <source>this kind of JPEG is not shown (lossless or hierarchical); save it as PNG</source>
            <translation>不能显示这种 JPEG（无损或分层）；请保存为 PNG</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="270" />
            <location filename="../../viewer/io/pictures.py" line="275" />
            <source>the picture is damaged: it has no size; fetch it again</source>
            <translation>图片已损坏：没有尺寸；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="278" />
            <source>this kind of JPEG is not shown (12 bits or print colours); save it as PNG</source>
            <translation>不能显示这种 JPEG（12 位或印刷色）；请保存为 PNG</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pictures.py" line="300" />
            <source>The camera says that it should be turned or mirrored; it is shown as stored.</source>
            <translation>相机标明该图片应旋转或镜像；此处按存储方式显示。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="25" />
            <source>fetch the file again</source>
            <translation>请重新获取该文件</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="71" />
            <source>the file holds no pixels; it may be truncated, fetch it again</source>
            <translation>文件中没有像素数据；可能被截断，请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="76" />
            <source>the header does not tell the size of the picture (Rows, Columns); {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件头没有图像尺寸（Rows、Columns）；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="78" />
            <source>the picture has an impossible size ({0} rows, {1} columns); {2}</source>
            <extracomment>{0}: rows (number); {1}: columns (number); {2}: FETCH</extracomment>
            <translation>图像尺寸不合理（{0} 行，{1} 列）；{2}</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="80" />
            <source>the header names an impossible number of frames; {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件头中的帧数不合理；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="85" />
            <source>pictures of kind {0} cannot be shown; export it as RGB or MONOCHROME2</source>
            <extracomment>{0}: photometric[:32]</extracomment>
            <translation>不能显示 {0} 类型的图像；请导出为 RGB 或 MONOCHROME2</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="87" />
            <source>a {0} picture has {1} values per pixel, its header says {2}; {3}</source>
            <extracomment>{0}: photometric; {1}: wanted; {2}: samples; {3}: FETCH</extracomment>
            <translation>{0} 图像每像素有 {1} 个值，文件头却标为 {2}；{3}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="89" />
            <source>{0} exists only in compressed pictures, and this one is not; {1}</source>
            <extracomment>{0}: photometric; {1}: FETCH</extracomment>
            <translation>{0} 只用于压缩图像，而该图像未压缩；{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="92" />
            <source>it is a PALETTE COLOR picture without its palette; export it as RGB</source>
            <translation>这是 PALETTE COLOR 图像，但没有调色板；请导出为 RGB</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="95" />
            <source>its pixels are fractions but its kind is {0}; {1}</source>
            <extracomment>{0}: photometric; {1}: FETCH</extracomment>
            <translation>像素值是小数，但图像类型为 {0}；{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="98" />
            <source>its colours are laid out in an unknown way (PlanarConfiguration {0}); {1}</source>
            <extracomment>{0}: planar; {1}: FETCH</extracomment>
            <translation>颜色的排列方式未知（PlanarConfiguration {0}）；{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="110" />
            <source>its pixels are single bits; export it with 8 bits per pixel</source>
            <translation>每像素只有 1 位；请导出为每像素 8 位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="112" />
            <source>the header does not tell how many bits a pixel has (BitsAllocated); {0}</source>
            <extracomment>{0}: FETCH</extracomment>
            <translation>文件头没有每像素位数（BitsAllocated）；{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="114" />
            <source>it stores {0} bits per pixel, which cannot be read; export it with 8 or 16</source>
            <extracomment>{0}: allocated</extracomment>
            <translation>每像素存储 {0} 位，无法读取；请导出为 8 位或 16 位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="119" />
            <source>its header contradicts itself ({0} bits up to bit {1} in {2} per pixel); {3}</source>
            <extracomment>{0}: stored; {1}: high_bit; {2}: allocated; {3}: FETCH</extracomment>
            <translation>文件头自相矛盾（每像素 {2} 位，存储 {0} 位，最高位为第 {1} 位）；{3}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="123" />
            <source>its header does not tell the sign of its pixels (PixelRepresentation {0}); {1}</source>
            <extracomment>{0}: signed; {1}: FETCH</extracomment>
            <translation>文件头没有说明像素值有无符号（PixelRepresentation {0}）；{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="145" />
            <source>its pixels are stored as {0}, which cannot be read; export it anew</source>
            <extracomment>{0}: printable(syntax.name[:64])</extracomment>
            <translation>像素数据以 {0} 存储，无法读取；请重新导出</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="148" />
            <source>the decoder of {0} is missing; install Slicewise again</source>
            <extracomment>{0}: syntax.name</extracomment>
            <translation>缺少 {0} 的解码器；请重新安装 Slicewise</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="28" />
            <source>red</source>
            <translation>红</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="28" />
            <source>green</source>
            <translation>绿</translation>
        </message>
        <message>
            <location filename="../../viewer/io/pixel_format.py" line="28" />
            <source>blue</source>
            <translation>蓝</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="77" />
            <source>the reader crashed on it; the file may be damaged: fetch it again</source>
            <translation>读取进程因该文件崩溃；文件可能已损坏，请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="78" />
            <source>reading it took longer than {0} s; the file may be damaged: fetch it again</source>
            <extracomment>{0}: n (number)</extracomment>
            <translation>读取超过 {0} s；文件可能已损坏，请重新获取</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="79" />
            <source>reading it needs more than {0} MB of memory; the file may be damaged: fetch it again</source>
            <extracomment>{0}: n (number)</extracomment>
            <translation>读取需要超过 {0} MB 的内存；文件可能已损坏，请重新获取</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="80" />
            <source>nothing can be read any more: the program is closing</source>
            <translation>程序正在关闭，无法再读取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="81" />
            <source>files cannot be read because the reading process does not start; install Slicewise again</source>
            <translation>读取进程无法启动，不能读取文件；请重新安装 Slicewise</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="201" />
            <source>Read {0} of {1} slices</source>
            <extracomment>{0}: count (number); {1}: total</extracomment>
            <translation>已读取 {0} 层，共 {1} 层</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="264" />
            <source>(and {0} further slices cannot be read either)</source>
            <extracomment>{0}: len(sentences) - 1 (number)</extracomment>
            <translation>（另有 {0} 层也无法读取）</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="298" />
            <source>the series cannot be shown: {0}</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法显示该序列：{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="306" />
            <source>its files are not as many as its slices; open its folder again</source>
            <translation>文件数与层数不符；请重新打开其所在文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="309" />
            <source>the series needs {0} GB of memory, {1} GB are free: close other programs and open it again</source>
            <extracomment>{0}: with_greys / 1000000000.0 (number); {1}: free_bytes / 1000000000.0 (number)</extracomment>
            <translation>该序列需要 {0} GB 内存，可用 {1} GB：请关闭其他程序后重新打开</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reader.py" line="361" />
            <source>no memory of {0} GB can be had for the series ({1})</source>
            <extracomment>{0}: size_bytes / 1000000000.0 (number); {1}: error</extracomment>
            <translation>无法为该序列分配 {0} GB 内存（{1}）</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reader_process.py" line="244" />
            <source>its headers do not tell how many pixels it has, so it cannot be shown</source>
            <translation>文件头没有说明像素数量，无法显示</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reader_process.py" line="265" />
            <source>its values cannot be of the type {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>数值不能是 {0} 类型</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="80" />
            <source>The files of this series name no DICOM images to which such an object could refer.</source>
            <translation>本序列的文件没有标明可供引用的 DICOM 图像。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="82" />
            <source>This series was made here, of others: such objects refer to images as they are stored.</source>
            <translation>本序列是在此由其他序列生成的：这类对象只能引用存储的图像。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="84" />
            <source>The files name no study (StudyInstanceUID is missing), to which a report could belong.</source>
            <translation>文件没有说明检查（缺少 StudyInstanceUID），报告无从归属。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="129" />
            <source>There is no length, angle or region that a report has a place for.</source>
            <translation>没有可写入报告的长度、角度或区域。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="130" />
            <location filename="../../viewer/io/reports.py" line="514" />
            <source>Measurements, not for diagnostic use</source>
            <translation>测量结果，不可用于诊断</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="137" />
            <source>{0} measurements have no place in a report, which lie on no image of it.</source>
            <extracomment>{0}: missed</extracomment>
            <translation>{0} 个测量不在任何图像上，无法写入报告。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="167" />
            <source>{0} answers to slices across the stored ones have no place in a report.</source>
            <extracomment>{0}: count (number)</extracomment>
            <translation>与存储切片方向交叉的切片上的 {0} 个答案无法写入报告。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="307" />
            <source>as the model said</source>
            <translation>与模型所给一致</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="307" />
            <source>changed by a person since</source>
            <translation>之后由人修改过</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="308" />
            <source>Voxels: {0}</source>
            <extracomment>{0}: how</extracomment>
            <translation>体素：{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="327" />
            <source>The report does not name the model that made {0}; not saved.</source>
            <extracomment>{0}: label.name</extracomment>
            <translation>报告没有写明生成 {0} 的模型；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="359" />
            <source>square pixels</source>
            <translation>平方像素</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="383" />
            <source>Value of stored pixels</source>
            <translation>存储像素值</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="407" />
            <source>The report does not hold {0} {1} as it is; not saved.</source>
            <extracomment>{0}: measurement.kind; {1}: measurement.number</extracomment>
            <translation>报告未能原样保存 {0} {1}；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="409" />
            <source>The report does not name the model that found box {0}; not saved.</source>
            <extracomment>{0}: measurement.number</extracomment>
            <translation>报告未写明发现方框 {0} 的模型；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="465" />
            <source>No stored slice is a key image: slices across the stored ones are no images of the file.</source>
            <translation>没有已存储的层面是关键图像：与存储层面相交的层面不是文件中的图像。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="481" />
            <source>The file that was written does not name the key images; not saved.</source>
            <translation>写出的文件未引用关键图像；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="483" />
            <source>{0} key images across the stored slices were left out.</source>
            <extracomment>{0}: others</extracomment>
            <translation>{0} 个与存储层面相交的关键图像已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="485" />
            <source>Several key images are frames of one image: the image is named as a whole.</source>
            <translation>多个关键图像是同一图像的帧：只能整体引用该图像。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="512" />
            <source>A presentation state of grey levels cannot be made of a series in colour.</source>
            <translation>彩色序列不能生成灰阶显示状态。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="562" />
            <source>The file that was written does not hold the measurements; not saved.</source>
            <translation>写出的文件不含这些测量；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="563" />
            <source>{0} measurements that lie on no stored slice were left out.</source>
            <extracomment>{0}: left_out</extracomment>
            <translation>{0} 个不在存储层面上的测量已略去。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="583" />
            <source>The frames of this series are scaled to values in different ways, and a presentation state has one way for all. Export a structured report instead.</source>
            <translation>此序列各帧换算数值的方式不同，而呈现状态对所有帧只有一种方式。请改为导出结构化报告。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="612" />
            <source>Picture, not for diagnostic use</source>
            <translation>图像，不可用于诊断</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="621" />
            <source>The file that was written does not hold the picture; not saved.</source>
            <translation>写出的文件不含该图片；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="650" />
            <source>points_ijk: voxel indices from 0, column, row, slice; points_lps_mm: DICOM patient system</source>
            <translation>points_ijk：从 0 开始的体素索引（列、行、层）；points_lps_mm：DICOM 患者坐标系</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="657" />
            <source>The file that was written is not what was measured; not saved.</source>
            <translation>写出的文件与测量不符；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/reports.py" line="690" />
            <source>The headers of this series do not allow it ({0}).</source>
            <extracomment>{0}: error</extracomment>
            <translation>本序列的文件头不允许这样做（{0}）。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/saving.py" line="20" />
            <location filename="../../viewer/io/saving.py" line="46" />
            <location filename="../../viewer/io/saving.py" line="49" />
            <source>{0} exists already; choose another name</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 已存在；请换一个名称</translation>
        </message>
        <message>
            <location filename="../../viewer/io/saving.py" line="22" />
            <source>there is no folder {0}</source>
            <extracomment>{0}: path.parent</extracomment>
            <translation>没有文件夹 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/score_files.py" line="44" />
            <source>The file that was written is not what the model told; not saved.</source>
            <translation>写入的文件与模型给出的内容不符；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/score_groups.py" line="109" />
            <source>Slices across the stored ones are no images: their probabilities stand in JSON and in the table alone.</source>
            <translation>与存储切片方向交叉的切片不是图像：其概率只写入 JSON 和表格。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/score_groups.py" line="147" />
            <source>The report does not hold what was said of {0}; not saved.</source>
            <extracomment>{0}: group.name</extracomment>
            <translation>报告未包含关于{0}的判定；未保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="56" />
            <source>Processing Equipment</source>
            <translation>处理设备</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="87" />
            <location filename="../../viewer/io/segmentation_objects.py" line="139" />
            <source>Making the segmentation</source>
            <translation>正在生成分割</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="99" />
            <location filename="../../viewer/io/segmentation_objects.py" line="154" />
            <source>No DICOM segmentation can be made of this series ({0})</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法由此序列生成 DICOM 分割（{0}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="206" />
            <source>Making the parametric map</source>
            <translation>正在生成参数图</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="219" />
            <source>No DICOM parametric map can be made of this series ({0})</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法由此序列生成 DICOM 参数图（{0}）</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="418" />
            <source>{0} came back with another frame of reference; nothing was saved</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 重新读取后参考坐标系不同；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="432" />
            <location filename="../../viewer/io/structure_sets.py" line="213" />
            <source>{0} came back with other voxels in slice {1}; nothing was saved</source>
            <extracomment>{0}: name; {1}: k + 1 (number)</extracomment>
            <translation>{0} 重新读取后第 {1} 层的体素不同；未保存任何内容</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="434" />
            <source>{0} came back with slice {1} twice; nothing was saved</source>
            <extracomment>{0}: name; {1}: k + 1 (number)</extracomment>
            <translation>{0} 重新读取后第 {1} 层出现两次；未保存任何内容</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="437" />
            <source>{0} came back without {1} of its slices; nothing was saved</source>
            <extracomment>{0}: name; {1}: len(missing) (number)</extracomment>
            <translation>{0} 重新读取后缺少 {1} 层；未保存任何内容</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="456" />
            <source>{0} came back with a slice where there is none; nothing was saved</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 重新读取后在没有层的位置出现一层；未保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="472" />
            <source>{0} came back with slice {1} referring to another image; nothing was saved</source>
            <extracomment>{0}: name; {1}: k + 1 (number)</extracomment>
            <translation>{0} 重新读取后第 {1} 层引用了另一图像；未保存任何内容</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="486" />
            <source>{0} came back without the model that gave it; nothing was saved</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 回读时缺少给出它的模型；没有保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/segmentation_objects.py" line="501" />
            <source>{0} came back without the model that made a label; nothing was saved</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 回读时缺少生成标签的模型；没有保存任何内容</translation>
        </message>
        <message>
            <location filename="../../viewer/io/settings_file.py" line="79" />
            <source>another window holds them</source>
            <translation>另一个窗口正在使用</translation>
        </message>
        <message>
            <location filename="../../viewer/io/settings_file.py" line="80" />
            <source>Your settings could not be saved ({0}). They hold until the window is closed.</source>
            <extracomment>{0}: reason</extracomment>
            <translation>无法保存您的设置（{0}）。这些设置在窗口关闭前有效。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/settings_file.py" line="99" />
            <source>Your settings could not be read ({0}): the usual ones are used.</source>
            <extracomment>{0}: error.strerror or error</extracomment>
            <translation>无法读取您的设置（{0}）：已使用默认设置。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/settings_file.py" line="106" />
            <source>The file of your settings was damaged and begun anew.{0}</source>
            <extracomment>{0}: kept</extracomment>
            <translation>您的设置文件已损坏，已重新建立。{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/settings_file.py" line="116" />
            <source>Some of your settings ({0}) were not understood and begun anew.{1}</source>
            <extracomment>{0}: ', '.join(sorted(wrong)); {1}: kept</extracomment>
            <translation>您的部分设置（{0}）无法识别，已恢复默认。{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/settings_file.py" line="134" />
            <source>The old one is kept: {0}</source>
            <extracomment>{0}: damaged</extracomment>
            <translation>旧文件已保留：{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="78" />
            <source>A single slice: nothing is measured across it.</source>
            <translation>单层：不做跨层测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="83" />
            <source>More than one slice lies at {0}.</source>
            <extracomment>{0}: _listed(shared, normal)</extracomment>
            <translation>同一位置有多个层面：{0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="95" />
            <source>Slices lie up to {0} mm beside their place, at {1}.</source>
            <extracomment>{0}: astray[worst] (number); {1}: where</extracomment>
            <translation>部分层面偏离应有位置，最多 {0} mm，位于 {1}。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="99" />
            <source>The stack is sheared by {0} degrees (gantry tilt).</source>
            <extracomment>{0}: tilt (number)</extracomment>
            <translation>层面组有 {0}° 的错切（机架倾斜）。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="101" />
            <location filename="../../viewer/io/volume_files.py" line="130" />
            <source>{0} slices every {1}.</source>
            <extracomment>{0}: len(along) (number); {1}: shown_mm(mean_spacing)</extracomment>
            <translation>{0} 层，层间距 {1}。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="115" />
            <source>The stack is also sheared by {0} degrees.</source>
            <extracomment>{0}: tilt (number)</extracomment>
            <translation>层面组还有 {0}° 的错切。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="123" />
            <source>{0} slice is missing, after {1}.{2}</source>
            <extracomment>{0}: count (number); {1}: places; {2}: sheared</extracomment>
            <translation>缺失 {0} 层，位于 {1} 之后。{2}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="123" />
            <source>{0} slices are missing, after {1}.{2}</source>
            <extracomment>{0}: count (number); {1}: places; {2}: sheared</extracomment>
            <translation>缺失 {0} 层，位于 {1} 之后。{2}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/slice_positions.py" line="126" />
            <source>The gaps between slices differ, after {0}.{1}</source>
            <extracomment>{0}: _listed(odd, normal); {1}: sheared</extracomment>
            <translation>层间距不一致，位于 {0} 之后。{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/structure_sets.py" line="66" />
            <source>Drawing outlines</source>
            <translation>正在绘制轮廓</translation>
        </message>
        <message>
            <location filename="../../viewer/io/structure_sets.py" line="230" />
            <source>{0} came back with outlines beside slice {1}; nothing was saved</source>
            <extracomment>{0}: name; {1}: k + 1 (number)</extracomment>
            <translation>{0} 重新读取后第 {1} 层的轮廓不在该层上；未保存任何内容</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="50" />
            <source>No SUV by body weight: the values are SUV of type {0}.</source>
            <extracomment>{0}: tracer.suv_type</extracomment>
            <translation>无体重 SUV：数值是 {0} 类型的 SUV。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="54" />
            <source>No SUV: the values are counts without a factor.</source>
            <translation>无 SUV：数值是没有换算系数的计数。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="56" />
            <source>No SUV: the values are in {0}.</source>
            <extracomment>{0}: tracer.unit or 'an unknown unit'</extracomment>
            <translation>无 SUV：数值的单位是 {0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="56" />
            <source>an unknown unit</source>
            <translation>未知单位</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="59" />
            <source>No SUV: the file does not tell {0}.</source>
            <extracomment>{0}: lacking</extracomment>
            <translation>无 SUV：文件没有说明{0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="62" />
            <source>No SUV: a dose of {0} Bq cannot be right.</source>
            <extracomment>{0}: tracer.dose_bq (number)</extracomment>
            <translation>无 SUV：剂量 {0} Bq 不合理。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="64" />
            <source>No SUV: a weight of {0} kg cannot be right.</source>
            <extracomment>{0}: tracer.weight_kg (number)</extracomment>
            <translation>无 SUV：体重 {0} kg 不合理。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="66" />
            <source>No SUV: the values are not corrected for attenuation and decay.</source>
            <translation>无 SUV：数值未经衰减校正和衰变校正。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="70" />
            <source>No SUV: the decay correction is {0}.</source>
            <extracomment>{0}: tracer.decay_correction or 'not told'</extracomment>
            <translation>无 SUV：衰变校正方式为 {0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="70" />
            <source>not told</source>
            <translation>未说明</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="87" />
            <source>No SUV: the file does not tell the time of the scan.</source>
            <translation>无 SUV：文件没有说明扫描时间。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="91" />
            <source>No SUV: the file does not tell on which day the tracer was given.</source>
            <translation>无 SUV：文件没有说明示踪剂的注射日期。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="94" />
            <source>No SUV: the times of injection and scan or the half-life cannot be right.</source>
            <translation>无 SUV：注射时间、扫描时间或半衰期不合理。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="75" />
            <source>the weight</source>
            <translation>体重</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="75" />
            <source>the injected dose</source>
            <translation>注射剂量</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="77" />
            <source>the half-life</source>
            <translation>半衰期</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="77" />
            <source>the time of injection</source>
            <translation>注射时间</translation>
        </message>
        <message>
            <location filename="../../viewer/io/suv.py" line="79" />
            <source>the time of the scan</source>
            <translation>扫描时间</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="90" />
            <source>its voxels are damaged or cut off; fetch it again</source>
            <translation>体素数据已损坏或被截断；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="93" />
            <source>its voxels are damaged; fetch it again</source>
            <translation>体素数据已损坏；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="120" />
            <source>A single slice, placed by its {0}: nothing can be measured across it.</source>
            <extracomment>{0}: place.name</extracomment>
            <translation>单层，位置取自 {0}：不能做跨层测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="120" />
            <source>A single slice: nothing can be measured across it.</source>
            <translation>单层：不能做跨层测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="125" />
            <source>{0} Distances are in pixels, slice by slice.</source>
            <extracomment>{0}: place.impossible</extracomment>
            <translation>{0}距离以像素为单位，逐层测量。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="130" />
            <source>{0} slices every {1}, placed by its {2}.</source>
            <extracomment>{0}: header.size[2]; {1}: shown_mm(spacing[2]); {2}: place.name</extracomment>
            <translation>{0} 层，层间距 {1}，位置取自 {2}。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="144" />
            <source>by its {0} · {1}</source>
            <extracomment>{0}: place.name; {1}: file.name</extracomment>
            <translation>按 {0} · {1}</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="152" />
            <source>voxel size</source>
            <translation>体素大小</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="163" />
            <location filename="../../viewer/workflows.py" line="537" />
            <source>{0} of {1}</source>
            <extracomment>{0}: number + 1 (number); {1}: header.volumes</extracomment>
            <translation>{0}/{1}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="182" />
            <source>its voxels should be in {0} beside it, which is not there</source>
            <extracomment>{0}: name</extracomment>
            <translation>体素应在同一文件夹的 {0} 中，但该文件不存在</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="185" />
            <source>it is truncated: it holds fewer voxels than its header says; fetch it again</source>
            <translation>文件被截断：体素少于文件头所标数量；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="187" />
            <source>its header promises more voxels than the file can hold; fetch it again</source>
            <translation>文件头所标的体素数量超出文件的容量；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="232" />
            <source>it unpacks to far more than its header says; fetch it again</source>
            <translation>解压后的数据远多于文件头所标；请重新获取</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_files.py" line="315" />
            <source>its whole numbers are too large to be kept exactly; write it with 32 bits</source>
            <translation>整数过大，无法精确保留；请以 32 位保存</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="21" />
            <source>The file does not say where in the patient its voxels lie.</source>
            <translation>文件没有说明体素在患者体内的位置。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="82" />
            <source>its header</source>
            <translation>文件头</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="93" />
            <source>The voxels have no place: {0} is zero or not a number.</source>
            <extracomment>{0}: name</extracomment>
            <translation>体素没有位置：{0} 为零或不是数字。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="96" />
            <source>The axes of {0} are not perpendicular (sheared): that is no grid.</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 的各轴不相互垂直（有错切），不构成网格。</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="114" />
            <source>the header is damaged: it does not say how many voxels there are</source>
            <translation>文件头已损坏：没有说明体素数量</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="121" />
            <source>the header is damaged: it has another number of sizes than of dimensions</source>
            <translation>文件头已损坏：sizes 的个数与维数不符</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="129" />
            <source>it holds {0} volumes, more than the {1} that are listed; split the file</source>
            <extracomment>{0}: count (number); {1}: _MAX_VOLUMES (number)</extracomment>
            <translation>含有 {0} 个体数据，超过可列出的 {1} 个；请拆分文件</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="148" />
            <source>the header is damaged: it does not give "{0}"</source>
            <extracomment>{0}: name</extracomment>
            <translation>文件头已损坏：缺少“{0}”</translation>
        </message>
        <message>
            <location filename="../../viewer/io/volume_header.py" line="172" />
            <location filename="../../viewer/io/volume_header.py" line="180" />
            <source>the header is damaged: a whole number is none</source>
            <translation>文件头已损坏：应为整数的值不是整数</translation>
        </message>
        <message>
            <location filename="../../viewer/render/scene_thread.py" line="105" />
            <source>Preparing the 3-D view…</source>
            <translation>正在准备三维视图…</translation>
        </message>
        <message>
            <location filename="../../viewer/render/scene_thread.py" line="113" />
            <source>Updating surfaces…</source>
            <translation>正在更新表面…</translation>
        </message>
        <message>
            <location filename="../../viewer/render/scene_thread.py" line="199" />
            <source>3-D is off: VTK cannot be loaded ({0}).</source>
            <extracomment>{0}: error</extracomment>
            <translation>三维显示不可用：无法加载 VTK（{0}）。</translation>
        </message>
        <message>
            <location filename="../../viewer/render/scene_thread.py" line="201" />
            <source>3-D is off: {0}: {1}</source>
            <extracomment>{0}: type(error).__name__; {1}: error</extracomment>
            <translation>三维显示不可用：{0}：{1}</translation>
        </message>
        <message>
            <location filename="../../viewer/render/slabs.py" line="15" />
            <location filename="../../resources/presets/volume_rendering.json" line="24" />
            <location filename="../../resources/presets/volume_rendering.json" line="24" />
            <location filename="../../resources/presets/volume_rendering.json" line="24" />
            <source>MIP</source>
            <translation>MIP</translation>
        </message>
        <message>
            <location filename="../../viewer/render/slabs.py" line="15" />
            <source>MinIP</source>
            <translation>MinIP</translation>
        </message>
        <message>
            <location filename="../../viewer/render/slabs.py" line="15" />
            <source>Mean</source>
            <translation>平均</translation>
        </message>
        <message>
            <location filename="../../viewer/render/volume_scene.py" line="53" />
            <source>3-D shown at reduced resolution</source>
            <translation>三维以较低分辨率显示</translation>
        </message>
        <message>
            <location filename="../../viewer/render/volume_scene.py" line="54" />
            <source>3-D is off: this computer offers no OpenGL (on Linux install libegl1 and libgl1-mesa-dri).</source>
            <translation>三维显示不可用：本机没有 OpenGL（Linux 请安装 libegl1 和 libgl1-mesa-dri）。</translation>
        </message>
        <message>
            <location filename="../../viewer/editing.py" line="179" />
            <source>Grow from seeds</source>
            <translation>由种子生长</translation>
        </message>
        <message>
            <location filename="../../viewer/editing.py" line="219" />
            <source>Merge labels</source>
            <translation>合并标签</translation>
        </message>
        <message>
            <location filename="../../viewer/editing.py" line="219" />
            <source>Delete label</source>
            <translation>删除标签</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="116" />
            <location filename="../../viewer/bringing.py" line="196" />
            <source>Looking into the file</source>
            <translation>正在查看文件</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="126" />
            <source>model-{0}.onnx</source>
            <extracomment>{0}: n</extracomment>
            <translation>模型文件 model-{0}.onnx</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="129" />
            <source>the network of {0} is not like that of {1}</source>
            <extracomment>{0}: fold.parent.name; {1}: chosen.parent.name</extracomment>
            <translation>{0} 的网络与 {1} 的不一致</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="152" />
            <location filename="../../viewer/bringing.py" line="203" />
            <source>Looking into a model</source>
            <translation>正在查看模型</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="171" />
            <location filename="../../viewer/bringing.py" line="213" />
            <source>Copying the model</source>
            <translation>正在复制模型</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="187" />
            <location filename="../../viewer/bringing.py" line="222" />
            <source>Adding a model</source>
            <translation>正在添加模型</translation>
        </message>
        <message>
            <location filename="../../viewer/bringing.py" line="228" />
            <source>There is a model called {0} already: give this one another title.</source>
            <extracomment>{0}: title</extracomment>
            <translation>已有名为 {0} 的模型：请换一个标题。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="105" />
            <source>Open a series first, then segment it.</source>
            <translation>请先打开一个序列，再进行分割。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="122" />
            <source>{0} has ended on a series that is not open any more; its result is shown when that is opened again.</source>
            <extracomment>{0}: record.manifest.title</extracomment>
            <translation>{0}运行结束时，所属序列已不再打开；再次打开该序列时将显示结果。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="211" />
            <source>{0}. The classical method answered this click.</source>
            <extracomment>{0}: sentence</extracomment>
            <translation>{0}。此次点击由经典方法回答。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="240" />
            <source>Classify the series first.</source>
            <translation>请先对序列进行分类。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="244" />
            <source>Another version of {0} is in use now. Classify the series again first.</source>
            <extracomment>{0}: scores.origin.model</extracomment>
            <translation>{0} 现在使用的是另一个版本。请先重新对序列进行分类。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="262" />
            <source>Covering parts of a slice for {0}</source>
            <extracomment>{0}: record.manifest.name</extracomment>
            <translation>正在为 {0} 遮挡层面的各部分</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="287" />
            <source>Open a series first.</source>
            <translation>请先打开一个序列。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="294" />
            <source>{0} is for {1}: choose a model that segments.</source>
            <extracomment>{0}: manifest.title; {1}: manifest.task</extracomment>
            <translation>{0} 用于 {1}：请选择一个分割模型。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="376" />
            <source>The model was not tried on this computer.</source>
            <translation>尚未在这台计算机上试运行该模型。</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="380" />
            <source>Trying {0}</source>
            <extracomment>{0}: model_name</extracomment>
            <translation>正在试运行 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="532" />
            <source>Segmenting with {0}</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>正在用 {0} 分割</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="533" />
            <source>Classifying with {0}</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>正在用 {0} 分类</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="534" />
            <source>Detecting with {0}</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>正在用 {0} 检测</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="535" />
            <source>Enhancing with {0}</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>正在用 {0} 增强</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="536" />
            <source>Translating with {0}</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>正在用 {0} 转换</translation>
        </message>
        <message>
            <location filename="../../viewer/model_runs.py" line="537" />
            <source>Answering clicks with {0}</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>正在用 {0} 回答点击</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="95" />
            <source>{0} makes no label maps</source>
            <extracomment>{0}: record.manifest.title</extracomment>
            <translation>{0} 不生成标签图</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="97" />
            <source>label maps are written as {0}</source>
            <extracomment>{0}: ', '.join(FORMATS)</extracomment>
            <translation>标签图可写为 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="112" />
            <source>a series is there twice</source>
            <translation>同一序列出现了两次</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="122" />
            <source>Looking through the references</source>
            <translation>正在查看参考</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="131" />
            <source>Looking what is there</source>
            <translation>正在查看已有结果</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="174" />
            <source>{0} holds results of {1} {2}, sha256 {3}; choose another folder for those of {4} {5}</source>
            <extracomment>{0}: self._folder; {1}: record.model; {2}: record.version; {3}: record.sha256[:12]; {4}: self._model.manifest.name; {5}: self._model.manifest.version</extracomment>
            <translation>{0} 中已有 {1} {2}（sha256 {3}）的结果；请为 {4} {5} 的结果选择另一个文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="270" />
            <source>No reference was found for this series.</source>
            <translation>没有找到此序列的参考。</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="271" />
            <source>Comparing with the reference</source>
            <translation>正在与参考比较</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="286" />
            <source>it has no label of the model's; its own are {0}</source>
            <extracomment>{0}: told</extracomment>
            <translation>其中没有模型的任何标签；它自己的标签是 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="289" />
            <source>The reference was not used: {0}.</source>
            <extracomment>{0}: str(error).rstrip('.')</extracomment>
            <translation>未使用参考：{0}。</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="379" />
            <source>{0} is not the file that the run wrote; run the model again</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 不是运行时写入的文件；请重新运行模型</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="381" />
            <source>{0} cannot be read; run the model again</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>无法读取 {0}；请重新运行模型</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="384" />
            <source>the result lies on another grid than this series; run the model again</source>
            <translation>结果所在的网格与此序列不同；请重新运行模型</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="422" />
            <source>{0} cannot be read</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>无法读取 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="431" />
            <source>left out</source>
            <translation>被略去</translation>
        </message>
        <message>
            <location filename="../../viewer/study_runs.py" line="483" />
            <source>another run is writing to {0}; wait for it, or choose another folder</source>
            <extracomment>{0}: folder</extracomment>
            <translation>另一个运行正在写入 {0}；请等待它结束，或选择另一个文件夹</translation>
        </message>
        <message>
            <location filename="../../viewer/training_material.py" line="99" />
            <source>Confirm at least one corrected slice first: no scan that the model can learn from has one.</source>
            <translation>请先确认至少一张改正过的层面：模型可以学习的扫描中还没有。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_material.py" line="109" />
            <source>None of the confirmed slices shows the part of a scan that this model looks at.</source>
            <translation>已确认的切片中没有一张显示此模型所查看的部位。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_material.py" line="117" />
            <source>No slice of the chosen scans has an answer to each of these findings.</source>
            <translation>所选扫描中没有一张层面回答了所有这些征象。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_material.py" line="120" />
            <source>None of the chosen scans has a box of these labels on one of its own slices.</source>
            <translation>所选扫描自身的层面上没有这些标签的框。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="178" />
            <source>Your last changes are not saved yet: train when they are.</source>
            <translation>您最近的更改尚未保存：保存后再训练。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="189" />
            <source>Writing the training data</source>
            <translation>正在写入训练数据</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="204" />
            <source>The training was cancelled before it began.</source>
            <translation>训练在开始前已取消。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="208" />
            <source>Preparing the training</source>
            <translation>正在准备训练</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="215" />
            <source>Finding where to look: {0}</source>
            <extracomment>{0}: text</extracomment>
            <translation>正在确定查看位置：{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="225" />
            <source>A training is already running: wait for it or stop it first.</source>
            <translation>已有训练正在进行：请等待其完成，或先停止。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="227" />
            <source>A training was interrupted: go on with it or discard it first.</source>
            <translation>有一次训练被中断：请先继续或放弃。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="229" />
            <source>A newly trained model waits for your decision: use it or keep the current one first.</source>
            <translation>新训练的模型等待您的决定：请先选择使用它或保留当前模型。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="235" />
            <source>Confirm at least one corrected slice first: training learns from confirmed slices.</source>
            <translation>请先确认至少一个修正过的层面：训练从已确认的层面中学习。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="239" />
            <source>A new model needs a name.</source>
            <translation>新模型需要一个名称。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="241" />
            <source>A label cannot be learnt under this name, which has a meaning of its own: call it something else.</source>
            <translation>无法以此名称学习该标签，因为它另有含义：请改用其他名称。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="242" />
            <source>Choose at least one label that the new model is to learn.</source>
            <translation>请至少选择一个要让新模型学习的标签。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="255" />
            <source>This model looks about what the model {0} finds first, and that is not there.</source>
            <extracomment>{0}: manifest.within.model</extracomment>
            <translation>此模型只查看模型 {0} 先找到的部位周围，而该模型不存在。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="258" />
            <source>This model cannot be trained further: there is only its ONNX file, without the weights it was made of.</source>
            <translation>此模型无法继续训练：只有其 ONNX 文件，没有用来生成它的权重。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="287" />
            <source>Deleting old training data</source>
            <translation>正在删除旧的训练数据</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="307" />
            <location filename="../../viewer/training_runs.py" line="390" />
            <source>The training cannot be started ({0}).</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法开始训练（{0}）。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="347" />
            <source>Installing the new model</source>
            <translation>正在安装新模型</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="370" />
            <source>Counting what is confirmed</source>
            <translation>正在统计已确认的内容</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="462" />
            <source>{0}. It can go on from step {1}.</source>
            <extracomment>{0}: last['message']; {1}: run.kept_step</extracomment>
            <translation>{0}。可从第 {1} 步继续。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="472" />
            <source>The training was interrupted at step {0} of {1}. It can go on from step {2}.</source>
            <extracomment>{0}: run.step; {1}: run.all_steps; {2}: kept</extracomment>
            <translation>训练在第 {0} 步（共 {1} 步）中断。可从第 {2} 步继续。</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="475" />
            <source>Its last words were: {0}</source>
            <extracomment>{0}: lines[-1][:200]</extracomment>
            <translation>其最后的输出为：{0}</translation>
        </message>
        <message>
            <location filename="../../viewer/training_runs.py" line="499" />
            <source>The training cannot be told ({0}).</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法向训练进程发送指令（{0}）。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="231" />
            <source>{0} files</source>
            <extracomment>{0}: number (number)</extracomment>
            <translation>{0} 个文件</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="249" />
            <source>Looking through files</source>
            <translation>正在查找文件</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="271" />
            <location filename="../../viewer/workflows.py" line="408" />
            <source>Opening {0}</source>
            <extracomment>{0}: series.description or series.modality</extracomment>
            <translation>正在打开 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="276" />
            <source>{0}. The other {1} slices are shown.</source>
            <extracomment>{0}: error; {1}: series.frames</extracomment>
            <translation>{0}。已显示其余 {1} 层。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="284" />
            <source>Opening a series</source>
            <translation>正在打开序列</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="309" />
            <source>This series is still being read: wait until all of it is there.</source>
            <translation>该序列仍在读取中：请等待全部读取完成。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="317" />
            <source>Reading {0}</source>
            <extracomment>{0}: over.description or over.modality</extracomment>
            <translation>正在读取 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="337" />
            <source>Reading a series to lay over</source>
            <translation>正在读取要融合的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="358" />
            <source>{0} has another frame of reference: its places are not those of this series. Open it beside, put both cross-hairs on one place and choose that they are at the same place; then it can be laid over.</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 的参考坐标系不同，其位置与当前序列不对应。请将其并排打开，把两个十字线放在同一解剖位置，并选择“位置相同”；之后即可融合。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="388" />
            <source>Looking for series of this study</source>
            <translation>正在查找该检查的序列</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="398" />
            <source>Looking for the other side</source>
            <translation>正在查找对侧图像</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="426" />
            <source>Resampling to a regular grid</source>
            <translation>正在重采样为规则网格</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="492" />
            <source>beside this one</source>
            <translation>并排的窗格中</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="492" />
            <source>in another window of Slicewise</source>
            <translation>另一个 Slicewise 窗口中</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="493" />
            <source>This series is open {0}: it can be looked at here, not labelled.</source>
            <extracomment>{0}: where</extracomment>
            <translation>该序列已在{0}打开：此处只能查看，不能标注。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="496" />
            <source>This scan has changed since it was annotated: the earlier labels are kept but not shown.</source>
            <translation>该扫描在标注之后发生了变化：原有标签已保留，但不显示。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="545" />
            <source>Reading all moments</source>
            <translation>正在读取全部时相</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="586" />
            <source>Accepting the proposal</source>
            <translation>正在接受分割建议</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="606" />
            <source>Counting what is proposed</source>
            <translation>正在统计提议的内容</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="627" />
            <source>a region of {0}</source>
            <extracomment>{0}: label</extracomment>
            <translation>{0} 的一个区域</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="643" />
            <source>Accepting a part of the proposal</source>
            <translation>正在接受提议的一部分</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="643" />
            <source>Rejecting a part of the proposal</source>
            <translation>正在拒绝提议的一部分</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="664" />
            <source>Comparing labels</source>
            <translation>正在比较标签</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="681" />
            <source>Measuring labels</source>
            <translation>正在测量标签</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="704" />
            <source>Looking for labels</source>
            <translation>正在查找标签</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="723" />
            <source>Exporting measurements</source>
            <translation>正在导出测量结果</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="757" />
            <location filename="../../viewer/workflows.py" line="815" />
            <location filename="../../viewer/workflows.py" line="829" />
            <location filename="../../viewer/workflows.py" line="847" />
            <location filename="../../viewer/workflows.py" line="873" />
            <source>Saving {0}</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>正在保存 {0}</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="763" />
            <source>Copying labels</source>
            <translation>正在复制标签</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="904" />
            <source>There is no answer to write yet.</source>
            <translation>还没有可导出的回答。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="913" />
            <source>Your last changes are not saved yet: export when they are.</source>
            <translation>最近的更改尚未保存：请保存后再导出。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="915" />
            <source>Exporting findings and boxes</source>
            <translation>正在导出所见和边界框</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="921" />
            <source>The list of findings could not be saved ({0}). It is as it was before.</source>
            <extracomment>{0}: error</extracomment>
            <translation>无法保存所见列表（{0}）。列表保持原样。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="938" />
            <source>Exporting the model</source>
            <translation>正在导出模型</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="949" />
            <source>Importing the model</source>
            <translation>正在导入模型</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="1017" />
            <source>All your changes are saved again.</source>
            <translation>您的所有修改现已保存。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="1024" />
            <source>Your last change is not saved ({0}). It is kept in memory and written as soon as that is possible: free some space and go on.</source>
            <extracomment>{0}: error</extracomment>
            <translation>您的上一次修改尚未保存（{0}）。修改已保留在内存中，一旦可以就会写入：请清理磁盘空间后继续。</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="1048" />
            <source>Making thumbnails</source>
            <translation>正在生成缩略图</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="1082" />
            <source>{0} (resampled)</source>
            <extracomment>{0}: series.description</extracomment>
            <translation>{0}（已重采样）</translation>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="1100" />
            <source>({0} further files were refused too)</source>
            <extracomment>{0}: len(refused) - 1 (number)</extracomment>
            <translation>（另有 {0} 个文件也被拒绝）</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../viewer/workflows.py" line="1102" />
            <source>No images were found in {0}.</source>
            <extracomment>{0}: ', '.join((path.name for path in paths))</extracomment>
            <translation>在 {0} 中没有找到图像。</translation>
        </message>
        <message>
            <location filename="../../viewer/jobs.py" line="73" />
            <source>{0} was cancelled</source>
            <extracomment>{0}: self.title</extracomment>
            <translation>{0}：已取消</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="75" />
            <source>Activations</source>
            <translation>激活（Activations）</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="75" />
            <source>Invert</source>
            <translation>逆变换（Invert）</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="76" />
            <source>Squeeze</source>
            <translation>压缩维度（Squeeze）</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="122" />
            <source>{0} is not an ONNX file: export the network by torch.onnx.export first</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 不是 ONNX 文件：请先用 torch.onnx.export 导出网络</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="131" />
            <source>{0} has PyTorch weights ({1}) but no ONNX file: export it by torch.onnx.export first</source>
            <extracomment>{0}: path.name; {1}: weights.name</extracomment>
            <translation>{0} 中有 PyTorch 权重（{1}），但没有 ONNX 文件：请先用 torch.onnx.export 导出</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="133" />
            <source>{0} has no ONNX file</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 中没有 ONNX 文件</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="150" />
            <source>{0} needs an operator that is not one of ONNX: {1}</source>
            <extracomment>{0}: name; {1}: file.foreign[0]</extracomment>
            <translation>{0} 需要不属于 ONNX 的算子：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="153" />
            <source>{0} needs {1} inputs at once ({2}); models here take one image</source>
            <extracomment>{0}: name; {1}: len(file.inputs) (number); {2}: names</extracomment>
            <translation>{0} 同时需要 {1} 个输入（{2}）；这里的模型只接受一幅图像</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="156" />
            <source>{0} takes {1}; export it so that it takes float32</source>
            <extracomment>{0}: name; {1}: seen.type</extracomment>
            <translation>{0} 接受 {1}；请导出为接受 float32</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="159" />
            <source>{0} does not take one image of two or three dimensions: its input has {1} axes</source>
            <extracomment>{0}: name; {1}: len(seen.shape) (number)</extracomment>
            <translation>{0} 不接受一幅二维或三维图像：其输入有 {1} 个轴</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="162" />
            <location filename="../../inference/bring.py" line="189" />
            <source>{0} does not say how many channels its input has</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 没有说明其输入有多少个通道</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="164" />
            <source>{0} takes {1} images at once; export it for one, or for any number</source>
            <extracomment>{0}: name; {1}: seen.shape[0]</extracomment>
            <translation>{0} 一次接受 {1} 幅图像；请按一幅或任意数量导出</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="166" />
            <source>{0} takes {1} images at once as channels; models here take one</source>
            <extracomment>{0}: name; {1}: seen.shape[1]</extracomment>
            <translation>{0} 以通道形式一次接受 {1} 幅图像；这里的模型只接受一幅</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="177" />
            <location filename="../../inference/bring.py" line="210" />
            <source>Trying the network on noise</source>
            <translation>正在用噪声试运行网络</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="183" />
            <source>{0} is not a network that can be run ({1})</source>
            <extracomment>{0}: path.name; {1}: _first_line(error)</extracomment>
            <translation>{0} 不是可运行的网络（{1}）</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="186" />
            <source>{0} does not take one image of two or three dimensions as float numbers</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 的输入不是一幅二维或三维的浮点图像</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="202" />
            <source>{0} cannot be run on an image ({1})</source>
            <extracomment>{0}: path.name; {1}: _first_line(error)</extracomment>
            <translation>{0} 无法在图像上运行（{1}）</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="204" />
            <source>{0} makes {1} of an image of {2}</source>
            <extracomment>{0}: path.name; {1}: _shape(output.shape); {2}: _shape((1, channels, *shape))</extracomment>
            <translation>{0} 由 {2} 的图像得到 {1}</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="205" />
            <source>{0}: it is no segmentation network</source>
            <extracomment>{0}: made</extracomment>
            <translation>{0}：这不是分割网络</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="207" />
            <source>{0} makes of noise what are no numbers</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 对噪声的输出不是有效数值</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="209" />
            <source>{0} gives {1} classes; models here have {2} at most</source>
            <extracomment>{0}: path.name; {1}: output.shape[1]; {2}: _MOST_LABELS</extracomment>
            <translation>{0} 给出 {1} 个类别；这里的模型最多 {2} 个</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="217" />
            <source>{0} says that it takes any number of images, but not two: export it for one</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 声称接受任意数量的图像，却不接受两幅：请按一幅导出</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="261" />
            <source>{0} is not as {1} writes it ({2})</source>
            <extracomment>{0}: names; {1}: program; {2}: _first_line(error)</extracomment>
            <translation>{0} 与 {1} 所写的格式不符（{2}）</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="337" />
            <source>this nnU-Net model needs several images at once; models here take one</source>
            <translation>该 nnU-Net 模型同时需要多幅图像；此处的模型只接受一幅</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="339" />
            <source>this nnU-Net model needs the result of another one first, which is not done here</source>
            <translation>此 nnU-Net 模型需要先有另一个模型的结果，这里不支持</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="363" />
            <source>plans.json turns axes that are not those of an image</source>
            <translation>plans.json 变换的轴不是图像的轴</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="379" />
            <source>plans.json has a patch of {0}, the network one of {1}.</source>
            <extracomment>{0}: _shape(patch); {1}: _shape(network.patch)</extracomment>
            <translation>plans.json 的图块为 {0}，网络的为 {1}。</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="385" />
            <source>nnU-Net resamples by cubic splines; here images are resampled linearly: where their voxels have another size than the network's, results differ a little.</source>
            <translation>nnU-Net 以三次样条重采样，此处以线性重采样：图像的体素大小与网络的不同时，结果略有差异。</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="397" />
            <source>plans.json has no configuration of {0} dimensions, as the network has</source>
            <extracomment>{0}: network.dimensions</extracomment>
            <translation>plans.json 中没有与网络相同的 {0} 维配置</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="430" />
            <source>this nnU-Net model scales its images by {0}, which is not known here</source>
            <extracomment>{0}: scheme</extracomment>
            <translation>该 nnU-Net 模型用 {0} 缩放图像，此处尚不支持</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="441" />
            <source>this MONAI model needs several images at once; models here take one</source>
            <translation>该 MONAI 模型同时需要多幅图像；此处的模型只接受一幅</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="474" />
            <source>The bundle prepares its images by steps that are not done here: {0}.</source>
            <extracomment>{0}: ', '.join(left_out)</extracomment>
            <translation>该 bundle 对图像的以下预处理步骤在这里不执行：{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="476" />
            <source>The bundle does not clip values beyond its window; here they are clipped.</source>
            <translation>该 bundle 不截断窗外的值；这里会截断。</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="483" />
            <source>The bundle changes its result by steps that are not done here: {0}.</source>
            <extracomment>{0}: ', '.join(undone)</extracomment>
            <translation>该 bundle 会以此处不执行的步骤改变其结果：{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="489" />
            <source>The bundle pads small images in a way that is not done here: {0}.</source>
            <extracomment>{0}: padding</extracomment>
            <translation>该 bundle 填充较小图像的方式此处不支持：{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="592" />
            <source>the files tell of {0} classes, the network gives {1}</source>
            <extracomment>{0}: told; {1}: network.classes</extracomment>
            <translation>文件说明有 {0} 个类别，而网络给出 {1} 个</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="613" />
            <source>{0} is larger than such a file can be</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 超过了此类文件应有的大小</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="618" />
            <source>{0} does not hold what it should</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 的内容不正确</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="659" />
            <source>the model needs a title with at least one letter or digit of the Latin alphabet</source>
            <translation>模型标题至少要有一个拉丁字母或数字</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="688" />
            <source>{0} is not there any more</source>
            <extracomment>{0}: origin</extracomment>
            <translation>{0} 已不存在</translation>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="710" />
            <source>{0} folds</source>
            <extracomment>{0}: len(manifest.networks) (number)</extracomment>
            <translation>{0} 个折</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/bring.py" line="714" />
            <source>the network's folder</source>
            <translation>网络所在的文件夹</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="45" />
            <location filename="../../inference/classify.py" line="94" />
            <location filename="../../inference/detect.py" line="90" />
            <location filename="../../inference/enhance.py" line="67" />
            <location filename="../../inference/tasks.py" line="83" />
            <location filename="../../inference/tasks.py" line="181" />
            <source>Preparing the image</source>
            <translation>正在准备图像</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="50" />
            <location filename="../../inference/detect.py" line="94" />
            <location filename="../../inference/enhance.py" line="75" />
            <location filename="../../inference/tasks.py" line="208" />
            <source>Running {0} on {1}</source>
            <extracomment>{0}: model.manifest.name; {1}: model.provider</extracomment>
            <translation>正在 {1} 上运行 {0}</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="57" />
            <source>{0} gave the same scores whatever it saw; the result is discarded</source>
            <extracomment>{0}: model.manifest.name</extracomment>
            <translation>无论看到什么，{0} 都给出相同的评分；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="99" />
            <source>{0} has no class {1}, or the image no slice {2}</source>
            <extracomment>{0}: manifest.name; {1}: label; {2}: slice_number + 1 (number)</extracomment>
            <translation>{0} 没有类别 {1}，或图像没有切片 {2}</translation>
            <extra-numbers>2</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="132" />
            <source>Window {0} of {1} on {2}</source>
            <extracomment>{0}: done; {1}: len(windows) (number); {2}: model.provider</extracomment>
            <translation>第 {0} 个窗口，共 {1} 个，在 {2} 上</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="134" />
            <source>{0} gave the same score whichever part of the slice was covered</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>无论遮挡切片的哪一部分，{0} 都给出相同的评分</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="180" />
            <source>{0} is no classification model</source>
            <extracomment>{0}: model.manifest.name</extracomment>
            <translation>{0} 不是分类模型</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="191" />
            <source>{0} needs the time points of a series</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 需要序列的各个时间点</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="198" />
            <location filename="../../inference/tasks.py" line="203" />
            <source>the image has the same value everywhere: there is nothing to find</source>
            <translation>图像处处值相同：没有可找的内容</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="224" />
            <source>{0} gave heat maps of different sizes; the result is discarded</source>
            <extracomment>{0}: model.manifest.name</extracomment>
            <translation>{0} 给出了大小不一的热图；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="275" />
            <source>{0} gave {1} of shape {2}, its manifest says ({3})</source>
            <extracomment>{0}: manifest.name; {1}: what; {2}: values.shape; {3}: words</extracomment>
            <translation>{0} 给出的 {1} 形状为 {2}，其清单所写为（{3}）</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="281" />
            <location filename="../../inference/classify.py" line="285" />
            <source>{0} gave scores that are no probabilities, as its manifest says</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 给出的评分不是其清单所说的概率</translation>
        </message>
        <message>
            <location filename="../../inference/classify.py" line="294" />
            <source>heat maps</source>
            <translation>热图</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="106" />
            <source>{0} found {1} things, more than anybody looks at; they are discarded</source>
            <extracomment>{0}: manifest.name; {1}: len(whole) (number)</extracomment>
            <translation>{0} 找到了 {1} 处，多到没有人会逐一查看；已全部丢弃</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="123" />
            <source>{0} has no output {1}, which its manifest names</source>
            <extracomment>{0}: self._name; {1}: missing[0]</extracomment>
            <translation>{0} 没有其清单所列的输出 {1}</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="138" />
            <source>{0} gave boxes that do not fit together; they are discarded</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 给出的方框彼此不符；已全部丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="144" />
            <source>{0} gave boxes of shape {1} and scores of shape {2}; its manifest says ({3}, M, {4}) and ({5}, M)</source>
            <extracomment>{0}: self._name; {1}: places.shape; {2}: scores.shape; {3}: len(batch) (number); {4}: 2 * axes (number); {5}: len(batch) (number)</extracomment>
            <translation>{0} 给出的方框形状为 {1}，评分形状为 {2}；其清单写明应为 ({3}, M, {4}) 和 ({5}, M)</translation>
            <extra-numbers>3 4 5</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="148" />
            <location filename="../../inference/detect.py" line="182" />
            <location filename="../../inference/detect.py" line="286" />
            <source>{0} gave {1} boxes at once; they are discarded</source>
            <extracomment>{0}: self._name; {1}: scores.shape[1]</extracomment>
            <translation>{0} 一次给出了 {1} 个方框；已全部丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="159" />
            <source>{0} gave the same boxes whatever it saw; they are discarded</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 无论看到什么都给出相同的框；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="162" />
            <source>{0} gave every box the same score; they are discarded</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 给每个框的分数都相同；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="189" />
            <source>{0} gave a label that its manifest does not have; the boxes are discarded</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 给出了其清单中没有的标签；方框已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="195" />
            <source>{0} gave a box outside of what it was shown; the boxes are discarded</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 给出的方框在所见图像之外；方框已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="197" />
            <source>{0} gave a box whose ends are exchanged; the boxes are discarded</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 给出的方框起止颠倒；方框已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/detect.py" line="207" />
            <source>{0} gave scores that are no probabilities, as its manifest says they are</source>
            <extracomment>{0}: self._name</extracomment>
            <translation>{0} 给出的评分不是概率，而其清单写明应为概率</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="98" />
            <location filename="../../inference/tasks.py" line="108" />
            <source>{0} gave the same value everywhere; the result is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 的输出各处相同；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="99" />
            <source>Comparing the result with the image</source>
            <translation>正在将结果与图像比较</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="127" />
            <location filename="../../inference/worker.py" line="136" />
            <location filename="../../inference/worker.py" line="188" />
            <location filename="../../inference/worker.py" line="404" />
            <location filename="../../inference/worker.py" line="429" />
            <location filename="../../inference/worker.py" line="449" />
            <location filename="../../inference/worker.py" line="458" />
            <location filename="../../inference/worker.py" line="460" />
            <source>{0} gave a result that does not fit the image; it is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 给出的结果与图像不符，已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="130" />
            <location filename="../../inference/runtime.py" line="201" />
            <location filename="../../inference/worker.py" line="209" />
            <source>{0} gave values that are not numbers; the result is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 的输出不是数字；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="133" />
            <source>{0} gave figures that are not numbers; the result is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 给出的数据不是数字；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="137" />
            <source>{0} gave values beyond those of its contrast; the result is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 给出的值超出其对比度的范围；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="194" />
            <source>{0} makes no pictures</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 不生成图像</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="200" />
            <source>{0} takes an image of three dimensions and of grey values</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 需要三维灰度图像</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="204" />
            <source>The image has the same value everywhere: there is nothing to enhance</source>
            <translation>图像各处的值都相同：没有可增强的内容</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="206" />
            <source>The image has values that are not numbers: it cannot be enhanced</source>
            <translation>图像含有非数值：无法增强</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="216" />
            <source>{0} changed the image by more than the bound in its manifest; the result is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 对图像的改变超出其清单中的界限；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/enhance.py" line="327" />
            <location filename="../../inference/runtime.py" line="181" />
            <source>{0} gave an output of shape {1}, its manifest says {2}</source>
            <extracomment>{0}: manifest.name; {1}: told.shape; {2}: expected</extracomment>
            <translation>{0} 的输出形状为 {1}，清单标为 {2}</translation>
        </message>
        <message>
            <location filename="../../inference/interactive.py" line="134" />
            <source>the model gave a region that does not fit the picture; it is discarded</source>
            <translation>模型给出的区域与图像不符，已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="93" />
            <location filename="../../inference/manifest.py" line="310" />
            <source>high must be above low</source>
            <translation>high 必须大于 low</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="176" />
            <source>axes must be those of {0} or one each of L or R, P or A, S or I, e.g. SPL</source>
            <extracomment>{0}: OWN_AXES</extracomment>
            <translation>轴向必须是 {0} 的字母，或 L/R、P/A、S/I 各取一个，例如 SPL</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="183" />
            <source>context_slices must be odd: the slice and as many neighbours on either side</source>
            <translation>context_slices 必须为奇数：本层及两侧相同数量的相邻层</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="189" />
            <source>a model of three dimensions has no context_slices</source>
            <translation>三维模型没有 context_slices</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="191" />
            <source>a model of three dimensions has all of spacing_mm, or none of it</source>
            <translation>三维模型的 spacing_mm 要么全有，要么全无</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="193" />
            <source>slices that are stretched to a size are aligned by their edges</source>
            <translation>拉伸到固定大小的切片必须按边缘对齐</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="195" />
            <source>patch must have {0} sizes, as the model has dimensions</source>
            <extracomment>{0}: self.dimensions</extracomment>
            <translation>patch 必须有 {0} 个尺寸，与模型的维数相同</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="197" />
            <source>the sizes of patch must be multiples of size_multiple</source>
            <translation>patch 的各尺寸必须是 size_multiple 的倍数</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="248" />
            <source>features and weights make heat maps together: the manifest names only one of them</source>
            <translation>热图由特征和权重共同得出：清单只写明其中之一</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="250" />
            <source>heat maps are cam, or made of features and weights, not both</source>
            <translation>热图或为 cam，或由特征和权重得出，不能两者兼有</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="252" />
            <source>a sequence over time points is of the series</source>
            <translation>随时间的序列属于整个系列</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="254" />
            <source>slices and attention are of models that see a series at once</source>
            <translation>slices 和 attention 属于一次看到整个序列的模型</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="332" />
            <source>a picture has either a residual_bound or, of a translation, a synthetic contrast (gives)</source>
            <translation>图像要么有 residual_bound，要么（转换时）有合成对比度（gives）</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="334" />
            <source>a translation keeps the grid: its scale is 1</source>
            <translation>转换保持网格不变：其 scale 为 1</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="394" />
            <source>each range must go from the lower to the higher value</source>
            <translation>每个范围都必须从较小值到较大值</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="452" />
            <source>labels must be numbered 1, 2, 3, ... in the order of the model's channels</source>
            <translation>标签必须按模型通道的顺序编号为 1、2、3……</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="460" />
            <source>a model of {0} has {1} of scores, boxes, picture and clicks</source>
            <extracomment>{0}: self.task; {1}: own or 'none'</extracomment>
            <translation>{0} 模型的清单在 scores、boxes、picture、clicks 中应有：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="462" />
            <source>only a segmentation model looks within what another one finds</source>
            <translation>只有分割模型才会在另一模型找到的范围内查看</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="466" />
            <source>only a segmentation model has its own {0}</source>
            <extracomment>{0}: ', '.join(theirs)</extracomment>
            <translation>只有分割模型可以自行规定 {0}</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="468" />
            <source>labels are what a model tells apart; one that makes pictures has none</source>
            <translation>标签是模型所区分的内容；生成图像的模型没有标签</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="472" />
            <source>an interactive model has one label, a sigmoid activation, and a size that it sees</source>
            <translation>交互式模型只有一个标签，使用 sigmoid 激活，并规定其所见的尺寸</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="481" />
            <source>scores of boxes are told one by one: their activation is sigmoid or probabilities</source>
            <translation>方框的评分是逐个给出的：其激活方式须为 sigmoid 或 probabilities</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="483" />
            <source>boxes of several networks have no mean</source>
            <translation>多个网络的方框没有平均值</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="485" />
            <source>a model of several labels has to tell which one a box is of</source>
            <translation>有多个标签的模型须说明方框属于哪一个</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="487" />
            <source>no label can have a threshold below the lowest score that is told</source>
            <translation>任何标签的阈值都不能低于所给出的最低评分</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="491" />
            <source>a classification model sees slices, or blocks, whole: it has no patch</source>
            <translation>分类模型看到完整的切片或体块：它没有 patch</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="493" />
            <source>a classification model has one network</source>
            <translation>分类模型只有一个网络</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="495" />
            <source>a classification model of three dimensions scores the series</source>
            <translation>三维分类模型对整个序列评分</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="497" />
            <source>a sequence over time points is of slices: it has two dimensions</source>
            <translation>随时间的序列由层面组成：它是二维的</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="499" />
            <source>attention is of sequences of slices, not of a block</source>
            <translation>attention 属于切片序列，不属于体块</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="503" />
            <source>an enhancement has a residual_bound, a translation says which contrast it gives</source>
            <translation>增强有 residual_bound，转换须写明它给出的对比度</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="505" />
            <source>a model that makes pictures sees the image's own grid: no spacing_mm and no size</source>
            <translation>生成图像的模型使用图像自身的网格：没有 spacing_mm，也没有 size</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="507" />
            <source>a model of three dimensions keeps the grid: its scale is 1</source>
            <translation>三维模型保持网格不变：其 scale 为 1</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="509" />
            <source>a model that makes pictures has one network</source>
            <translation>生成图像的模型只有一个网络</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="544" />
            <source>{0}: {1} cannot be read ({2})</source>
            <extracomment>{0}: folder.name; {1}: MANIFEST_FILE; {2}: error.strerror</extracomment>
            <translation>{0}：无法读取 {1}（{2}）</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="546" />
            <source>{0}: {1} is not JSON ({2})</source>
            <extracomment>{0}: folder.name; {1}: MANIFEST_FILE; {2}: error</extracomment>
            <translation>{0}：{1} 不是 JSON（{2}）</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="550" />
            <source>{0}: manifest version {1} is unknown; this program reads version {2}</source>
            <extracomment>{0}: folder.name; {1}: version; {2}: SCHEMA_VERSION</extracomment>
            <translation>{0}：清单版本 {1} 未知；本程序读取版本 {2}</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="557" />
            <source>{0}: {1} is wrong at {2}: {3}</source>
            <extracomment>{0}: folder.name; {1}: MANIFEST_FILE; {2}: where or 'top'; {3}: first['msg']</extracomment>
            <translation>{0}：{1} 在 {2} 处有误：{3}</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="560" />
            <source>{0}: the manifest does not list {1}</source>
            <extracomment>{0}: folder.name; {1}: name</extracomment>
            <translation>{0}：清单中没有列出 {1}</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="582" />
            <source>{0}: the manifest names a file outside its folder: {1}</source>
            <extracomment>{0}: folder.name; {1}: name</extracomment>
            <translation>{0}：清单指向其文件夹之外的文件：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="585" />
            <source>{0}: {1} is missing or is not a plain file</source>
            <extracomment>{0}: folder.name; {1}: name</extracomment>
            <translation>{0}：{1} 缺失或不是普通文件</translation>
        </message>
        <message>
            <location filename="../../inference/manifest.py" line="587" />
            <source>{0}: {1} was changed after the model was made (its hash is another one)</source>
            <extracomment>{0}: folder.name; {1}: name</extracomment>
            <translation>{0}：{1} 在模型生成之后被修改过（哈希值不同）</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="62" />
            <source>{0} is not a whole model file ({1})</source>
            <extracomment>{0}: path.name; {1}: error</extracomment>
            <translation>{0} 不是完整的模型文件（{1}）</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="73" />
            <source>the model file has a part at a place of its own choice: {0}</source>
            <extracomment>{0}: name</extracomment>
            <translation>模型文件中有部分内容试图写入其他位置：{0}</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="75" />
            <source>the model file has too many parts, or two of one name</source>
            <translation>模型文件包含过多部分，或有两个同名部分</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="77" />
            <source>the model file would take more than {0} GB</source>
            <extracomment>{0}: _MOST_BYTES &gt;&gt; 30 (number)</extracomment>
            <translation>模型文件解压后将超过 {0} GB</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="79" />
            <source>the model file has no {0}: it is not one of a model's version</source>
            <extracomment>{0}: SUMS_FILE</extracomment>
            <translation>模型文件中没有 {0}：它不是模型版本文件</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="82" />
            <source>the model file does not hold what its {0} lists</source>
            <extracomment>{0}: SUMS_FILE</extracomment>
            <translation>模型文件的内容与其 {0} 所列不符</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="88" />
            <source>{0} in the model file is not the one that was exported</source>
            <extracomment>{0}: member.filename</extracomment>
            <translation>模型文件中的 {0} 与导出时不同</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="99" />
            <source>{0} in the model file is damaged</source>
            <extracomment>{0}: SUMS_FILE</extracomment>
            <translation>模型文件中的 {0} 已损坏</translation>
        </message>
        <message>
            <location filename="../../inference/model_file.py" line="114" />
            <source>{0} in the model file is not as large as it says</source>
            <extracomment>{0}: target.name</extracomment>
            <translation>模型文件中 {0} 的大小与声明不符</translation>
        </message>
        <message>
            <location filename="../../inference/models.py" line="67" />
            <source>there is no model {0}; installed: {1}</source>
            <extracomment>{0}: name; {1}: names</extracomment>
            <translation>没有模型 {0}；已安装：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/models.py" line="77" />
            <source>{0} {1} is installed already; a version is never replaced</source>
            <extracomment>{0}: manifest.name; {1}: manifest.version</extracomment>
            <translation>{0} {1} 已安装；已有版本不会被替换</translation>
        </message>
        <message>
            <location filename="../../inference/models.py" line="106" />
            <source>{0} has no earlier version to go back to</source>
            <extracomment>{0}: name</extracomment>
            <translation>{0} 没有可以退回的更早版本</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="82" />
            <location filename="../../inference/onnx_file.py" line="84" />
            <source>{0} is not an ONNX file</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 不是 ONNX 文件</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="86" />
            <location filename="../../inference/onnx_file.py" line="175" />
            <source>{0} and its weights are larger than the 2 GB of one network</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 及其权重超过单个网络 2 GB 的上限</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="98" />
            <source>{0} is larger than the 2 GB of one network</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>{0} 超过单个网络 2 GB 的上限</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="158" />
            <source>{0} is shorter than {1} says</source>
            <extracomment>{0}: entries['location']; {1}: self._path.name</extracomment>
            <translation>{0} 比 {1} 所说的短</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="166" />
            <source>{0} has its weights outside its folder: {1}</source>
            <extracomment>{0}: self._path.name; {1}: name</extracomment>
            <translation>{0} 的权重在其文件夹之外：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="171" />
            <source>{0} needs the file {1} beside it, which is not there</source>
            <extracomment>{0}: self._path.name; {1}: name</extracomment>
            <translation>{0} 旁边需要文件 {1}，但它不在</translation>
        </message>
        <message>
            <location filename="../../inference/onnx_file.py" line="173" />
            <source>{0}, with weights of {1}, is a link and not a file of its folder</source>
            <extracomment>{0}: name; {1}: self._path.name</extracomment>
            <translation>含有 {1} 权重的 {0} 是链接，不是其文件夹中的文件</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="190" />
            <source>{0} sees what changes over time; this series has no pictures that follow one another in time.</source>
            <extracomment>{0}: title</extracomment>
            <translation>{0} 观察随时间的变化；此序列没有在时间上前后相接的图像。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="193" />
            <source>The series is still being read.</source>
            <translation>该序列仍在读取中。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="195" />
            <source>{0} needs grey values; this series is in colour.</source>
            <extracomment>{0}: title</extracomment>
            <translation>{0} 需要灰阶图像；该序列是彩色的。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="197" />
            <source>{0} needs several slices; this series is a single picture.</source>
            <extracomment>{0}: title</extracomment>
            <translation>{0}需要多个切片；此序列只有一幅图像。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="199" />
            <source>{0} needs a regular volume. This series: {1}</source>
            <extracomment>{0}: title; {1}: headers.geometry</extracomment>
            <translation>{0} 需要规则的体数据。该序列：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="202" />
            <source>{0} looks about what the model {1} finds first, and that is not there.</source>
            <extracomment>{0}: title; {1}: within.model</extracomment>
            <translation>{0} 只查看模型 {1} 先找到的部位周围，而该模型不存在。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="205" />
            <source>{0} needs to know the size of voxels; this series does not tell.</source>
            <extracomment>{0}: title</extracomment>
            <translation>{0} 需要知道体素的大小；该序列没有给出。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="213" />
            <source>{0} was made for {1}; this series is {2}.</source>
            <extracomment>{0}: manifest.title; {1}: made_for; {2}: headers.modality</extracomment>
            <translation>{0} 适用于 {1}；该序列是 {2}。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="220" />
            <source>The file does not say its modality; this model was made for {0}.</source>
            <extracomment>{0}: made_for</extracomment>
            <translation>文件没有说明设备类型；该模型适用于 {0}。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="225" />
            <source>This series is synthetic: a model made it, in part or whole. {0} was made for scans.</source>
            <extracomment>{0}: manifest.title</extracomment>
            <translation>此序列为合成图像：其部分或全部由模型生成。{0} 是为扫描图像设计的。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="228" />
            <source>{0} was made for {1}; the headers say {2}.</source>
            <extracomment>{0}: manifest.title; {1}: manifest.body_part; {2}: headers.body_part</extracomment>
            <translation>{0} 适用于 {1}；文件头写的是 {2}。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="229" />
            <source>body part</source>
            <translation>部位</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="235" />
            <source>{0} needs to know where the slices lie in the patient; this series does not tell.</source>
            <extracomment>{0}: manifest.title</extracomment>
            <translation>{0} 需要知道层面在患者体内的位置；该序列没有说明。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="239" />
            <source>The file tells two places for this volume; you chose one.</source>
            <translation>文件给出了该容积的两个位置；您选择了其中之一。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="249" />
            <source>The slices are oblique by {0}°; the model is made for straight ones and does not turn them.</source>
            <extracomment>{0}: degrees (number)</extracomment>
            <translation>切片倾斜了 {0}°；该模型适用于正交切片，不会将其转正。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="260" />
            <source>Voxels are {0} mm apart, far coarser than the {1} mm the model sees.</source>
            <extracomment>{0}: image_mm (number); {1}: model_mm (number)</extracomment>
            <translation>体素间距为 {0} mm，远粗于模型所用的 {1} mm。</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="271" />
            <source>{0} % of the voxels are no number; the model sees them as 0.</source>
            <extracomment>{0}: share (number)</extracomment>
            <translation>{0} % 的体素不是数值；模型将其视为 0。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="278" />
            <source>{0} was made for {1}; the values of this series, down to air, are those of a CT.</source>
            <extracomment>{0}: title; {1}: made_for</extracomment>
            <translation>{0} 适用于 {1}；该序列的数值（包括空气）与 CT 相符。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="285" />
            <source>{0} needs Hounsfield units; the values of this series are none.</source>
            <extracomment>{0}: title</extracomment>
            <translation>{0} 需要 HU 值；该序列的数值不是 HU。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="288" />
            <source>Nobody says that the values are Hounsfield units; they reach down to air, as those of a CT do.</source>
            <translation>没有说明数值是否为 HU；它们低至空气，与 CT 相同。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="293" />
            <source>The model sees values from {0} to {1}; those of this series go from {2} to {3}, with hardly any between.</source>
            <extracomment>{0}: rule.low (number); {1}: rule.high (number); {2}: lowest (number); {3}: float(finite.max()) (number)</extracomment>
            <translation>模型使用 {0} 到 {1} 的数值；该序列的数值为 {2} 到 {3}，几乎没有落在其间。</translation>
            <extra-numbers>0 1 2 3</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="317" />
            <source>(score {0}, usual up to {1})</source>
            <extracomment>{0}: score (number); {1}: _USUAL (number)</extracomment>
            <translation>（评分 {0}，通常不超过 {1}）</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="320" />
            <source>The scan reaches less or more far than those that the model learnt from{0}.</source>
            <extracomment>{0}: of</extracomment>
            <translation>扫描范围小于或大于模型训练所用的扫描{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="322" />
            <source>The model hesitates over more of this scan than of those that it learnt from{0}.</source>
            <extracomment>{0}: of</extracomment>
            <translation>模型对此扫描中更多的部分犹豫不决，超过其训练所用的扫描{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="324" />
            <source>The scan is noisier or more blurred than those that the model learnt from{0}.</source>
            <extracomment>{0}: of</extracomment>
            <translation>扫描比模型训练所用的扫描噪声更大或更模糊{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/preflight.py" line="326" />
            <source>Dark and bright are shared out otherwise than in the scans that the model learnt from{0}.</source>
            <extracomment>{0}: of</extracomment>
            <translation>明暗分布与模型训练所用的扫描不同{0}。</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="34" />
            <source>failed to allocate memory</source>
            <translation>内存分配失败</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="35" />
            <location filename="../../training/loops.py" line="24" />
            <location filename="../../packaging/sentences.py" line="1" />
            <source>out of memory</source>
            <translation>内存不足</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="36" />
            <source>bad allocation</source>
            <translation>内存分配错误</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="128" />
            <source>The {0} had too little memory: fewer images went through the network at once</source>
            <extracomment>{0}: device</extracomment>
            <translation>{0} 的内存不足：网络每次处理的图像减少了</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="134" />
            <source>The {0} had too little memory: it went on on the CPU</source>
            <extracomment>{0}: device</extracomment>
            <translation>{0} 的内存不足：已改在 CPU 上继续</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="184" />
            <source>{0} gave values that are no probabilities; the result is discarded</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 给出的值不是概率；结果已丢弃</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="197" />
            <source>{0} failed while running: {1}</source>
            <extracomment>{0}: self.manifest.name; {1}: said.splitlines()[0]</extracomment>
            <translation>{0} 运行失败：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="230" />
            <source>The GPU had too little memory: it ran on the CPU</source>
            <translation>GPU 内存不足：已改用 CPU 运行</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="265" />
            <source>{0} cannot be loaded: {1}</source>
            <extracomment>{0}: record.manifest.name; {1}: str(error).splitlines()[0]</extracomment>
            <translation>无法加载 {0}：{1}</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="269" />
            <source>{0} does not take one float image of {1} axes, as its manifest says</source>
            <extracomment>{0}: record.manifest.name; {1}: needed</extracomment>
            <translation>{0} 的输入不是其清单所说的 {1} 维浮点图像</translation>
        </message>
        <message>
            <location filename="../../inference/runtime.py" line="275" />
            <source>{0} has no output {1}, which its manifest names; it has {2}</source>
            <extracomment>{0}: record.manifest.name; {1}: missing[0]; {2}: ', '.join(made)</extracomment>
            <translation>{0} 没有其清单所写的输出 {1}；它有 {2}</translation>
        </message>
        <message>
            <location filename="../../inference/seen.py" line="84" />
            <source>statistics of at least {0} images are needed, not of {1}</source>
            <extracomment>{0}: LEAST_IMAGES; {1}: len(statistics) (number)</extracomment>
            <translation>至少需要 {0} 幅图像的统计数据，而不是 {1} 幅</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/tasks.py" line="137" />
            <source>{0} looks about {1}; {2} found nothing of that</source>
            <extracomment>{0}: model.manifest.title; {1}: sought; {2}: finder.manifest.title</extracomment>
            <translation>{0} 查看 {1} 的周围；{2} 未找到其中任何一个</translation>
        </message>
        <message>
            <location filename="../../inference/tasks.py" line="163" />
            <source>{0} {1} found where to look</source>
            <extracomment>{0}: finder.title; {1}: finder.version</extracomment>
            <translation>由 {0} {1} 确定查看位置</translation>
        </message>
        <message>
            <location filename="../../inference/tasks.py" line="199" />
            <source>{0} needs a 3-D image with one value per voxel</source>
            <extracomment>{0}: model.manifest.name</extracomment>
            <translation>{0} 需要每体素一个值的三维图像</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="232" />
            <source>{0} could not be measured</source>
            <extracomment>{0}: record.manifest.name</extracomment>
            <translation>无法测量 {0}</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="254" />
            <location filename="../../inference/worker.py" line="257" />
            <source>{0} could not be tried</source>
            <extracomment>{0}: path.name</extracomment>
            <translation>无法试运行 {0}</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="304" />
            <source>Waiting for the model that is running</source>
            <translation>正在等待运行中的模型</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="351" />
            <source>Loading the model</source>
            <translation>正在加载模型</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="360" />
            <source>the model did not come to an end: nothing was heard of it for {0} s</source>
            <extracomment>{0}: silence_s (number)</extracomment>
            <translation>模型没有结束：{0} 秒内没有任何回应</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="365" />
            <source>the process that ran the model has ended ({0})</source>
            <extracomment>{0}: self._last_words()</extracomment>
            <translation>运行模型的进程已结束（{0}）</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="384" />
            <source>it was ended, most likely for want of memory</source>
            <translation>它被终止，很可能是内存不足</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="488" />
            <source>this is no array</source>
            <translation>这不是数组</translation>
        </message>
        <message>
            <location filename="../../inference/worker.py" line="535" />
            <source>the model needs more memory than there is</source>
            <translation>模型需要的内存超过可用内存</translation>
        </message>
        <message>
            <location filename="../../training/arms.py" line="80" />
            <location filename="../../training/turns.py" line="59" />
            <source>The training went back to step {0}, the last good one.</source>
            <extracomment>{0}: step</extracomment>
            <translation>训练已退回到上一个正常的第 {0} 步。</translation>
        </message>
        <message>
            <location filename="../../training/arms.py" line="106" />
            <location filename="../../training/turns.py" line="72" />
            <source>The training goes on from step {0}.</source>
            <extracomment>{0}: done</extracomment>
            <translation>训练从第 {0} 步继续。</translation>
        </message>
        <message>
            <location filename="../../training/arms.py" line="135" />
            <location filename="../../training/turns.py" line="103" />
            <source>Stopped after {0} of {1} steps; what was learnt is compared.</source>
            <extracomment>{0}: done; {1}: steps</extracomment>
            <translation>已在第 {0} 步停止（共 {1} 步）；将比较已学到的结果。</translation>
        </message>
        <message>
            <location filename="../../training/arms.py" line="180" />
            <location filename="../../training/turns.py" line="81" />
            <source>No checkpoint could be written ({0}); the training goes on.</source>
            <extracomment>{0}: error.strerror or error</extracomment>
            <translation>无法写入检查点（{0}）；训练继续进行。</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="75" />
            <location filename="../../training/classified_pictures.py" line="78" />
            <source>the dataset has no images: put PNG, JPEG, NIfTI, NRRD or MHA files into its folder images</source>
            <translation>数据集没有图像：请把 PNG、JPEG、NIfTI、NRRD 或 MHA 文件放入其 images 文件夹</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="106" />
            <source>images of {0} patients have boxes: {1} are needed at least</source>
            <extracomment>{0}: len(with_boxes) (number); {1}: _LEAST_PATIENTS</extracomment>
            <translation>有框的图像来自 {0} 名患者：至少需要 {1} 名</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="163" />
            <source>no image that is left to train on has {0}: draw more of them, or none</source>
            <extracomment>{0}: missing[0]</extracomment>
            <translation>留作训练的图像都没有 {0}：请多画一些，或者一个也不画</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="248" />
            <source>the dataset has no {0}: what a person has drawn, a box a line</source>
            <extracomment>{0}: BOXES_FILE</extracomment>
            <translation>数据集没有 {0}：人画的内容，每行一个框</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="251" />
            <location filename="../../training/boxed_pictures.py" line="277" />
            <source>{0}, line {1}</source>
            <extracomment>{0}: BOXES_FILE; {1}: number (number)</extracomment>
            <translation>{0}，第 {1} 行</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="255" />
            <source>{0}: it needs a label</source>
            <extracomment>{0}: where</extracomment>
            <translation>{0}：需要一个标签</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="258" />
            <source>{0}: a box has a width and a height above 0</source>
            <extracomment>{0}: where</extracomment>
            <translation>{0}：框的宽和高必须大于 0</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="260" />
            <source>{0}: the box reaches out of its image, which has {1} x {2} pixels</source>
            <extracomment>{0}: where; {1}: size[0]; {2}: size[1]</extracomment>
            <translation>{0}：框超出了图像，图像为 {1} x {2} 像素</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="263" />
            <source>{0}: the image has {1} slices, so the column slice has to say which one</source>
            <extracomment>{0}: where; {1}: size[2]</extracomment>
            <translation>{0}：图像有 {1} 张层面，因此 slice 列必须说明是哪一张</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="267" />
            <source>{0}: the same box is there twice</source>
            <extracomment>{0}: where</extracomment>
            <translation>{0}：同一个框出现了两次</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="270" />
            <source>{0} has no box: there is nothing to learn</source>
            <extracomment>{0}: BOXES_FILE</extracomment>
            <translation>{0} 没有框：没有可学习的内容</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="288" />
            <source>{0}: it needs the column case, the name of an image</source>
            <extracomment>{0}: where</extracomment>
            <translation>{0}：需要 case 列，即图像的名称</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="290" />
            <source>{0}: {1} is not in images</source>
            <extracomment>{0}: where; {1}: name</extracomment>
            <translation>{0}：{1} 不在 images 中</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="300" />
            <source>{0}: {1} has to be a number, not {2}</source>
            <extracomment>{0}: where; {1}: name; {2}: row.get(name) or 'nothing'</extracomment>
            <translation>{0}：{1} 必须是数字，而不是 {2}</translation>
        </message>
        <message>
            <location filename="../../training/boxed_pictures.py" line="310" />
            <source>{0}: there is no slice {1}, the image has {2}, counted from 0</source>
            <extracomment>{0}: where; {1}: said; {2}: slices</extracomment>
            <translation>{0}：没有层面 {1}，图像有 {2} 张，从 0 起计</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="113" />
            <source>a classifier is trained by one process; start it without torchrun</source>
            <translation>分类器由一个进程训练；请不要用 torchrun 启动</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="115" />
            <source>a classifier is not trained in folds, nor are settings tried for it</source>
            <translation>分类器不分折训练，也不为它试验设置</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="134" />
            <source>Every picture has labels, so there is nothing semi-supervised to do.</source>
            <translation>每张图片都有标签，因此没有可做的半监督训练。</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="143" />
            <location filename="../../training/clicks.py" line="110" />
            <location filename="../../training/detection.py" line="127" />
            <location filename="../../training/job.py" line="283" />
            <source>Comparing the models on what was held out</source>
            <translation>正在留出数据上比较各模型</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="240" />
            <source>finds what may be there together</source>
            <translation>查找可能同时存在的内容</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="240" />
            <source>tells one class of several</source>
            <translation>从多个类别中说出一个</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="241" />
            <source>{0} is no model that {1}, as the labels do</source>
            <extracomment>{0}: manifest.name; {1}: kind</extracomment>
            <translation>{0} 不是像标签那样{1}的模型</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="245" />
            <source>{0} and the labels have different classes: {1} is in one of them only</source>
            <extracomment>{0}: manifest.name; {1}: other</extracomment>
            <translation>{0} 与标签的类别不同：{1} 只在其中之一</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="264" />
            <location filename="../../training/clicks.py" line="251" />
            <location filename="../../training/detection.py" line="246" />
            <location filename="../../training/plan.py" line="132" />
            <source>that of the images it was trained on</source>
            <translation>与训练所用图像的许可相同</translation>
        </message>
        <message>
            <location filename="../../training/classification.py" line="283" />
            <location filename="../../training/clicks.py" line="263" />
            <location filename="../../training/detection.py" line="267" />
            <location filename="../../training/job.py" line="465" />
            <source>{0} {1} cannot be trained: its weights do not fit</source>
            <extracomment>{0}: manifest.name; {1}: manifest.version</extracomment>
            <translation>{0} {1} 无法训练：权重不匹配</translation>
        </message>
        <message>
            <location filename="../../training/classification_gate.py" line="18" />
            <source>Mean AUC</source>
            <translation>平均 AUC</translation>
        </message>
        <message>
            <location filename="../../training/classification_gate.py" line="129" />
            <source>Not verified: fewer than {0} held-out patients have, or lack, {1}; no gain is shown.</source>
            <extracomment>{0}: LEAST_PATIENTS; {1}: few[0]</extracomment>
            <translation>未验证：留出的患者中有或没有 {1} 的少于 {0} 名；未显示出增益。</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="99" />
            <source>pictures of {0} patients have labels: {1} are needed at least</source>
            <extracomment>{0}: len(with_labels) (number); {1}: _LEAST_PATIENTS</extracomment>
            <translation>有标签的图片来自 {0} 名患者：至少需要 {1} 名</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="102" />
            <source>{0} names {1} classes: there is nothing to tell apart</source>
            <extracomment>{0}: LABELS_FILE; {1}: len(classes) (number)</extracomment>
            <translation>{0} 列出了 {1} 个类别：没有可区分的内容</translation>
            <extra-numbers>1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="111" />
            <source>the model has learnt from all patients with labels: add pictures of others to judge it by</source>
            <translation>模型已从所有有标签的患者学习：请加入其他患者的图片来评判它</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="132" />
            <source>{0} labelled pictures were asked for; {1} are there to train on, of {2} classes</source>
            <extracomment>{0}: count (number); {1}: len(labelled) (number); {2}: len(split.classes) (number)</extracomment>
            <translation>要求 {0} 张有标签的图片；可供训练的有 {1} 张，属于 {2} 个类别</translation>
            <extra-numbers>0 1 2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="154" />
            <source>images/{0} has {1} slices; classifiers are trained on pictures of one</source>
            <extracomment>{0}: picture.file.name; {1}: image.GetSize()[2]</extracomment>
            <translation>images/{0} 有 {1} 张层面；分类器用单层图片训练</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="233" />
            <source>no picture that is left to train on has {0}: label more of them, or none</source>
            <extracomment>{0}: missing[0]</extracomment>
            <translation>留作训练的图片都没有 {0}：请多标一些，或者一个也不标</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="245" />
            <source>images has {0} and {1}: names must differ before their ending</source>
            <extracomment>{0}: found[stem].name; {1}: file.name</extracomment>
            <translation>images 中有 {0} 和 {1}：扩展名之前的名称必须不同</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="263" />
            <source>{0} needs the column image and either label or findings</source>
            <extracomment>{0}: LABELS_FILE</extracomment>
            <translation>{0} 需要 image 列，以及 label 或 findings 列</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="268" />
            <source>{0} names {1}, which is not in images</source>
            <extracomment>{0}: LABELS_FILE; {1}: row['image'] or 'no image'</extracomment>
            <translation>{0} 列出的 {1} 不在 images 中</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="268" />
            <source>no image</source>
            <translation>无图像</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="270" />
            <source>{0} names {1} twice</source>
            <extracomment>{0}: LABELS_FILE; {1}: row['image']</extracomment>
            <translation>{0} 两次列出 {1}</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="285" />
            <source>{0} needs the columns case and patient, and only cases that are in images</source>
            <extracomment>{0}: file.name</extracomment>
            <translation>{0} 需要 case 和 patient 列，且只能有 images 中的病例</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="299" />
            <source>{0} is no table of text ({1})</source>
            <extracomment>{0}: file.name; {1}: error</extracomment>
            <translation>{0} 不是文本表格（{1}）</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="308" />
            <source>{0} gives {1} two labels; what may be there together are findings</source>
            <extracomment>{0}: LABELS_FILE; {1}: image</extracomment>
            <translation>{0} 给 {1} 两个标签；可能同时存在的应为 findings</translation>
        </message>
        <message>
            <location filename="../../training/classified_pictures.py" line="312" />
            <source>{0} says of {1} both {2} and {3}</source>
            <extracomment>{0}: LABELS_FILE; {1}: image; {2}: NO_FINDING; {3}: names[names[0] in none]</extracomment>
            <translation>{0} 对 {1} 同时写了 {2} 和 {3}</translation>
        </message>
        <message>
            <location filename="../../training/classifier.py" line="137" />
            <source>the exported network differs from the trained one by {0} in its probabilities</source>
            <extracomment>{0}: apart (number)</extracomment>
            <translation>导出的网络与训练的网络在概率上相差 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/classifier.py" line="142" />
            <source>the exported network differs from the trained one by {0} in where it looks</source>
            <extracomment>{0}: far (number)</extracomment>
            <translation>导出的网络与训练的网络在关注位置上相差 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/clicked_regions.py" line="79" />
            <source>there is no region of {0} pixels or more on the annotated slices</source>
            <extracomment>{0}: LEAST_PX</extracomment>
            <translation>已标注的切片上没有达到 {0} 像素的区域</translation>
        </message>
        <message>
            <location filename="../../training/clicker.py" line="90" />
            <location filename="../../training/export.py" line="174" />
            <source>the network's output is flat, so the export cannot be checked</source>
            <translation>网络的输出没有变化，无法核对导出结果</translation>
        </message>
        <message>
            <location filename="../../training/clicker.py" line="92" />
            <source>the exported network differs from the trained one by {0}</source>
            <extracomment>{0}: apart (number)</extracomment>
            <translation>导出的网络与训练的网络相差 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/clicker.py" line="110" />
            <source>inference answers clicks otherwise than the trained network</source>
            <translation>推理对点击的回答与训练的网络不同</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="70" />
            <source>Mean Dice after five clicks</source>
            <translation>五次点击后的平均 Dice</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="87" />
            <source>an interactive model is trained by one process; start it without torchrun</source>
            <translation>交互式模型由单个进程训练；请不要用 torchrun 启动</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="89" />
            <source>an interactive model sees slices with regions: it has no folds, trials, labelled or dimensions</source>
            <translation>交互式模型查看带区域的切片：没有 folds、trials、labelled 或 dimensions</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="98" />
            <source>an interactive model needs three annotated patients: name them in patients.csv</source>
            <translation>交互式模型需要三名已标注的患者：请在 patients.csv 中写明</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="169" />
            <source>Unverified: fewer than {0} patients could be held out.</source>
            <extracomment>{0}: LEAST_PATIENTS</extracomment>
            <translation>未经验证：可留出的患者少于 {0} 名。</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="233" />
            <source>structures.csv needs the columns value, a number, and name</source>
            <translation>structures.csv 需要 value（数字）和 name 两列</translation>
        </message>
        <message>
            <location filename="../../training/clicks.py" line="246" />
            <source>Region</source>
            <translation>区域</translation>
        </message>
        <message>
            <location filename="../../training/compare.py" line="25" />
            <source>Unverified: no patient that the model had not learnt from could be held out.</source>
            <translation>未验证：没有模型未学习过的患者可供留出。</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="89" />
            <source>the dataset has no images: put NIfTI, NRRD, MHA or PNG files into its folder images</source>
            <translation>数据集中没有图像：请将 NIfTI、NRRD、MHA 或 PNG 文件放入其 images 文件夹</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="92" />
            <source>labels/{0} belongs to no file in images</source>
            <extracomment>{0}: stray[0]</extracomment>
            <translation>labels/{0} 在 images 中没有对应的文件</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="101" />
            <source>labels/{0} has another size than its image</source>
            <extracomment>{0}: label_file.name</extracomment>
            <translation>labels/{0} 与其图像大小不同</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="103" />
            <source>labels/{0} lies elsewhere in the patient than its image</source>
            <extracomment>{0}: label_file.name</extracomment>
            <translation>labels/{0} 与其图像在患者体内的位置不同</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="106" />
            <source>confirmed.json names slices of {0}, but labels has no file for it</source>
            <extracomment>{0}: name</extracomment>
            <translation>confirmed.json 列出了 {0} 的层面，但 labels 中没有对应的文件</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="108" />
            <source>confirmed.json names a slice of {0} that is beyond its size {1}</source>
            <extracomment>{0}: name; {1}: size</extracomment>
            <translation>confirmed.json 列出的 {0} 的层面超出其大小 {1}</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="164" />
            <source>nothing is annotated: training needs at least one confirmed slice</source>
            <translation>没有标注：训练至少需要一个已确认的层面</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="167" />
            <source>the model was trained on patients that patients.csv keeps for testing</source>
            <translation>该模型曾用 patients.csv 留作测试的患者训练</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="230" />
            <source>{0} labelled cases were asked for; {1} are there to train on</source>
            <extracomment>{0}: count (number); {1}: len(labelled) (number)</extracomment>
            <translation>要求 {0} 个有标签的病例；可用于训练的有 {1} 个</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="247" />
            <source>images/{0} is a colour picture; training needs one value per voxel</source>
            <extracomment>{0}: file.name</extracomment>
            <translation>images/{0} 是彩色图像；训练需要每体素一个值</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="269" />
            <source>labels/{0} holds the value {1}; the model has labels 1 to {2}</source>
            <extracomment>{0}: case.label_file.name; {1}: value; {2}: classes - 1 (number)</extracomment>
            <translation>labels/{0} 含有数值 {1}；模型的标签为 1 至 {2}</translation>
            <extra-numbers>2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="500" />
            <location filename="../../training/dataset.py" line="512" />
            <source>{0}/{1} cannot be read as an image</source>
            <extracomment>{0}: file.parent.name; {1}: file.name</extracomment>
            <translation>无法将 {0}/{1} 作为图像读取</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="514" />
            <source>{0}/{1} is not a 3-D image</source>
            <extracomment>{0}: file.parent.name; {1}: file.name</extracomment>
            <translation>{0}/{1} 不是三维图像</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="543" />
            <source>patients.csv needs the columns case and patient, filled in every line</source>
            <translation>patients.csv 需要 case 和 patient 两列，且每行都要填写</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="546" />
            <source>patients.csv names {0}, which is not in images</source>
            <extracomment>{0}: unknown[0]</extracomment>
            <translation>patients.csv 列出了 {0}，但它不在 images 中</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="552" />
            <source>the column part of patients.csv says train or test, not {0}</source>
            <extracomment>{0}: wrong[0]</extracomment>
            <translation>patients.csv 的 part 列应为 train 或 test，而不是 {0}</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="554" />
            <source>patients.csv puts patient {0} into train and test</source>
            <extracomment>{0}: patient</extracomment>
            <translation>patients.csv 把患者 {0} 同时放入 train 和 test</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="574" />
            <source>confirmed.json must map each case to {"slices": [[axis, index], ...]}</source>
            <translation>confirmed.json 必须将每个病例对应到 {"slices": [[axis, index], ...]}</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="577" />
            <source>confirmed.json names {0}, which is not in images</source>
            <extracomment>{0}: name</extracomment>
            <translation>confirmed.json 列出了 {0}，但它不在 images 中</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="579" />
            <source>confirmed.json names an impossible slice of {0}; axes are 0, 1, 2, indices from 0</source>
            <extracomment>{0}: name</extracomment>
            <translation>confirmed.json 列出了 {0} 的一个不存在的层面；轴为 0、1、2，索引从 0 开始</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="70" />
            <source>patients</source>
            <translation>患者</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="40" />
            <source>slices</source>
            <translation>层面</translation>
        </message>
        <message>
            <location filename="../../training/dataset.py" line="21" />
            <source>slice</source>
            <translation>层面</translation>
        </message>
        <message>
            <location filename="../../training/detection.py" line="92" />
            <source>a detector is trained by one process; start it without torchrun</source>
            <translation>检测器由一个进程训练；请不要用 torchrun 启动</translation>
        </message>
        <message>
            <location filename="../../training/detection.py" line="94" />
            <source>a detector is not trained in folds, nor are settings tried for it</source>
            <translation>检测器不分折训练，也不为它试验设置</translation>
        </message>
        <message>
            <location filename="../../training/detection.py" line="100" />
            <source>a detector sees slices, one by one: it has two dimensions</source>
            <translation>检测器逐张看层面：它是二维的</translation>
        </message>
        <message>
            <location filename="../../training/detection.py" line="118" />
            <source>Every slice was looked at, so there is nothing semi-supervised to do.</source>
            <translation>每张层面都已看过，因此没有可做的半监督训练。</translation>
        </message>
        <message>
            <location filename="../../training/detection.py" line="223" />
            <source>{0} is no model that finds boxes</source>
            <extracomment>{0}: manifest.name</extracomment>
            <translation>{0} 不是查找框的模型</translation>
        </message>
        <message>
            <location filename="../../training/detection.py" line="226" />
            <source>{0} and the boxes have different labels: {1} is in one of them only</source>
            <extracomment>{0}: manifest.name; {1}: other[0]</extracomment>
            <translation>{0} 与框的标签不同：{1} 只在其中之一</translation>
        </message>
        <message>
            <location filename="../../training/detection_gate.py" line="22" />
            <source>Mean FROC score</source>
            <translation>平均 FROC 得分</translation>
        </message>
        <message>
            <location filename="../../training/detection_gate.py" line="141" />
            <source>Not verified: fewer than {0} held-out patients have {1}; no gain is shown.</source>
            <extracomment>{0}: LEAST_PATIENTS; {1}: few[0]</extracomment>
            <translation>未验证：留出的患者中有 {1} 的少于 {0} 名；未显示出增益。</translation>
        </message>
        <message>
            <location filename="../../training/detector.py" line="142" />
            <source>the exported network finds nothing, whatever the score</source>
            <translation>导出的网络无论得分多少都找不到任何东西</translation>
        </message>
        <message>
            <location filename="../../training/detector.py" line="146" />
            <source>the exported network gives {0}, the trained one {1}</source>
            <extracomment>{0}: told[0].score (number); {1}: scores[0] (number)</extracomment>
            <translation>导出的网络给出 {0}，训练的网络给出 {1}</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/detector.py" line="152" />
            <source>the exported network finds a box that the trained one does not</source>
            <translation>导出的网络找到了训练的网络没有找到的框</translation>
        </message>
        <message>
            <location filename="../../training/export.py" line="127" />
            <source>the exported network cannot be used: {0}</source>
            <extracomment>{0}: error</extracomment>
            <translation>导出的网络无法使用：{0}</translation>
        </message>
        <message>
            <location filename="../../training/export.py" line="178" />
            <source>the exported network differs from the trained one by {0} at {1}</source>
            <extracomment>{0}: apart (number); {1}: ' x '.join(map(str, sizes))</extracomment>
            <translation>导出的网络与训练的网络在 {1} 处相差 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/export.py" line="203" />
            <source>inference with the exported network differs from the trained one by {0}</source>
            <extracomment>{0}: apart (number)</extracomment>
            <translation>使用导出网络的推理与训练的网络相差 {0}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/folds.py" line="36" />
            <source>patients.csv keeps patients for testing: there is nothing to make folds for</source>
            <translation>patients.csv 已留出测试患者：无需再分折</translation>
        </message>
        <message>
            <location filename="../../training/folds.py" line="38" />
            <source>the model has learnt from some of these patients: folds would judge it by what it knows</source>
            <translation>该模型已从其中一些患者学习过：分折会用它已知的内容来评判它</translation>
        </message>
        <message>
            <location filename="../../training/folds.py" line="40" />
            <source>folds need two or more annotated patients: name them in patients.csv</source>
            <translation>分折需要两名或更多已标注的患者：请在 patients.csv 中列出</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="102" />
            <source>Not measured: nothing that a person corrected could be held out, so no gain is shown.</source>
            <translation>未评估：没有可留出的人工修正内容，因此不显示增益。</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="104" />
            <source>on {0} held-out {1}</source>
            <extracomment>{0}: len(units) (number); {1}: unit if len(units) &gt; 1 else unit[:-1]</extracomment>
            <translation>{0} 个留出的{1}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="108" />
            <source>Mean Dice {0}: {1}. There was no earlier model to compare with.</source>
            <extracomment>{0}: where; {1}: compared</extracomment>
            <translation>平均 Dice（{0}）：{1}。没有可比较的更早模型。</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="112" />
            <location filename="../../training/gate_by_figures.py" line="93" />
            <source>The {0} model has {1} ({2}) and is refused: {3}.</source>
            <extracomment>{0}: arm; {1}: average[arm] (number); {2}: average[arm] - average[CURRENT] (number); {3}: faults[arm]</extracomment>
            <translation>{0}模型为 {1}（{2}），未通过：{3}。</translation>
            <extra-numbers>1 2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="112" />
            <location filename="../../training/gate_by_figures.py" line="93" />
            <source>The {0} model has {1} ({2}).</source>
            <extracomment>{0}: arm; {1}: average[arm] (number); {2}: average[arm] - average[CURRENT] (number)</extracomment>
            <translation>{0}模型为 {1}（{2}）。</translation>
            <extra-numbers>1 2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="117" />
            <source>Recommended: the {0} model. Mean Dice {1}: the current model has {2}.</source>
            <extracomment>{0}: keep; {1}: where; {2}: average[CURRENT] (number)</extracomment>
            <translation>建议采用{0}模型。平均 Dice（{1}）：当前模型为 {2}。</translation>
            <extra-numbers>2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="125" />
            <source>The gain is uncertain: it was measured on one of the {0} only.</source>
            <extracomment>{0}: unit</extracomment>
            <translation>提升并不确定：仅在一个{0}上测量。</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="128" />
            <source>The gain is uncertain: its 95 % interval, {0} to {1}, holds 0.</source>
            <extracomment>{0}: low (number); {1}: high (number)</extracomment>
            <translation>提升并不确定：其 95% 区间 {0} 至 {1} 包含 0。</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="129" />
            <source>The 95 % interval of the gain is {0} to {1}.</source>
            <extracomment>{0}: low (number); {1}: high (number)</extracomment>
            <translation>提升的 95% 区间为 {0} 至 {1}。</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="143" />
            <location filename="../../training/gate_by_figures.py" line="125" />
            <source>it is no better on average</source>
            <translation>平均而言没有改善</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="146" />
            <source>{0} {1} got worse by {2}</source>
            <extracomment>{0}: unit; {1}: worst; {2}: -gains[worst] (number)</extracomment>
            <translation>{0} {1} 变差了 {2}</translation>
            <extra-numbers>2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="154" />
            <location filename="../../training/gate_by_figures.py" line="129" />
            <source>{0} fell from {1} to {2}</source>
            <extracomment>{0}: name; {1}: _agreed(before) (number); {2}: _agreed(after) (number)</extracomment>
            <translation>{0} 由 {1} 降至 {2}</translation>
            <extra-numbers>1 2</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate.py" line="172" />
            <source>It also changed what nobody corrected; Dice of the {0} with the current model: {1}.</source>
            <extracomment>{0}: keep; {1}: most</extracomment>
            <translation>它还改变了无人修正的部分；{0}模型与当前模型之间的 Dice：{1}。</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="1" />
            <source>current</source>
            <translation>当前</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="13" />
            <source>semi-supervised</source>
            <translation>半监督</translation>
        </message>
        <message>
            <location filename="../../training/gate.py" line="13" />
            <source>supervised</source>
            <translation>监督</translation>
        </message>
        <message>
            <location filename="../../training/gate_by_figures.py" line="97" />
            <source>{0} on {1} held-out patients: the {2} model has {3}.</source>
            <extracomment>{0}: self.called; {1}: patients; {2}: baseline; {3}: means[baseline] (number)</extracomment>
            <translation>{1} 名留出患者的{0}：{2}模型为 {3}。</translation>
            <extra-numbers>3</extra-numbers>
        </message>
        <message>
            <location filename="../../training/gate_by_figures.py" line="99" />
            <source>{0} There was no earlier model to compare with.</source>
            <extracomment>{0}: measure</extracomment>
            <translation>{0} 没有可供比较的先前模型。</translation>
        </message>
        <message>
            <location filename="../../training/gate_by_figures.py" line="100" />
            <source>Recommended: the {0} model. {1}</source>
            <extracomment>{0}: keep; {1}: measure</extracomment>
            <translation>推荐：{0} 模型。{1}</translation>
        </message>
        <message>
            <location filename="../../training/gate_by_figures.py" line="132" />
            <source>the gain may be chance, its 95 % interval being {0} to {1}</source>
            <extracomment>{0}: low (number); {1}: high (number)</extracomment>
            <translation>增益可能出于偶然，其 95 % 区间为 {0} 至 {1}</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/job.py" line="154" />
            <source>The training failed: {0}</source>
            <extracomment>{0}: said[0] if said else type(error).__name__</extracomment>
            <translation>训练失败：{0}</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="167" />
            <source>job.json cannot be read ({0})</source>
            <extracomment>{0}: error.strerror</extracomment>
            <translation>无法读取 job.json（{0}）</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="169" />
            <source>job.json is not JSON ({0})</source>
            <extracomment>{0}: error</extracomment>
            <translation>job.json 不是 JSON（{0}）</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="172" />
            <source>job version {0} is unknown; this program does version {1}</source>
            <extracomment>{0}: version; {1}: SCHEMA_VERSION</extracomment>
            <translation>任务版本 {0} 未知；本程序支持版本 {1}</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="179" />
            <source>there is no recipe {0}; there are: {1}</source>
            <extracomment>{0}: raw.get('recipe'); {1}: ', '.join(RECIPES)</extracomment>
            <translation>没有训练方案 {0}；现有：{1}</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="184" />
            <source>the job's {0} is wrong: {1}</source>
            <extracomment>{0}: '.'.join(map(str, first['loc'])); {1}: first['msg'].lower()</extracomment>
            <translation>任务的 {0} 有误：{1}</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="214" />
            <source>nothing annotated is left to train on: confirm at least two slices</source>
            <translation>没有剩余的标注可用于训练：请至少确认两个层面</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="231" />
            <source>Every slice is annotated, so there is nothing semi-supervised to do.</source>
            <translation>所有层面均已标注，无需半监督训练。</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="252" />
            <source>{0} networks are trained, each without some of the patients, by whom it is measured; the new model is their mean.</source>
            <extracomment>{0}: len(splits) (number)</extracomment>
            <translation>将训练 {0} 个网络，每个都不使用一部分患者，并以这些患者来测量；新模型是它们的平均。</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/job.py" line="355" />
            <source>other settings are looked for by one process; start it without torchrun</source>
            <translation>寻找其他设置须由单个进程进行；请不要用 torchrun 启动</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="358" />
            <source>every patient is one to measure by</source>
            <translation>每名患者都用于测量</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="375" />
            <source>The training goes by the usual settings: {0}.</source>
            <extracomment>{0}: error</extracomment>
            <translation>训练采用常规设置：{0}。</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="378" />
            <source>other settings are looked for by Optuna, which is not installed ({0})</source>
            <extracomment>{0}: error.name</extracomment>
            <translation>寻找其他设置需要 Optuna，但未安装（{0}）</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="382" />
            <source>{0} settings were tried: the best, with a Dice of {1} to the usual {2}, are taken.</source>
            <extracomment>{0}: job.trials; {1}: best; {2}: usual</extracomment>
            <translation>已试验 {0} 组设置：采用其中最好的，其 Dice 为 {1}，常规设置为 {2}。</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="385" />
            <source>{0} settings were tried: the best had a Dice of {1} to the usual {2}, which is no more than chance gives; the usual ones stay.</source>
            <extracomment>{0}: job.trials; {1}: best; {2}: usual</extracomment>
            <translation>已试验 {0} 组设置：最好的 Dice 为 {1}，常规设置为 {2}，差别不超过偶然；保留常规设置。</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="434" />
            <source>{0} {1} cannot be trained further: it has no {2}</source>
            <extracomment>{0}: manifest.name; {1}: manifest.version; {2}: WEIGHTS_FILE</extracomment>
            <translation>{0} {1} 无法继续训练：缺少 {2}</translation>
        </message>
        <message>
            <location filename="../../training/job.py" line="469" />
            <source>{0} {1} cannot be trained: it does not say whom its networks know</source>
            <extracomment>{0}: manifest.name; {1}: manifest.version</extracomment>
            <translation>无法训练 {0} {1}：它没有说明其各网络已知哪些患者</translation>
        </message>
        <message>
            <location filename="../../training/loops.py" line="139" />
            <source>the loss or its gradient is not a number at step {0}</source>
            <extracomment>{0}: self.step</extracomment>
            <translation>第 {0} 步的损失或梯度不是数字</translation>
        </message>
        <message>
            <location filename="../../training/loops.py" line="148" />
            <source>the loss has grown from {0} to {1} at step {2}</source>
            <extracomment>{0}: self._first_loss (number); {1}: mean (number); {2}: self.step</extracomment>
            <translation>损失在第 {2} 步从 {0} 增大到 {1}</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/loops.py" line="197" />
            <source>There is too little memory to train this model, even a slice at a time.</source>
            <translation>内存过少，即使逐层也无法训练该模型。</translation>
        </message>
        <message>
            <location filename="../../training/loops.py" line="200" />
            <source>There was too little memory for the whole batch: it goes through the network in {0} parts. The result is the same, a step takes longer.</source>
            <extracomment>{0}: self._parts.count</extracomment>
            <translation>内存不足以处理整个批次：改为分 {0} 部分通过网络。结果相同，每步耗时更长。</translation>
        </message>
        <message>
            <location filename="../../training/loops.py" line="334" />
            <source>The last checkpoint cannot be read: the training begins anew.</source>
            <translation>无法读取上一个检查点：训练重新开始。</translation>
        </message>
        <message>
            <location filename="../../training/plan.py" line="82" />
            <source>Plan: a {0}-D model that sees {1} voxels, {2} such patches a step, in about {3} GB of memory.</source>
            <extracomment>{0}: seen.dimensions; {1}: ' x '.join(map(str, patch)); {2}: count (number); {3}: need / 2 ** 30 (number)</extracomment>
            <translation>计划：{0} 维模型，每次查看 {1} 个体素，每步 {2} 个图块，约需 {3} GB 内存。</translation>
            <extra-numbers>2 3</extra-numbers>
        </message>
        <message>
            <location filename="../../training/plan.py" line="115" />
            <source>the labels are empty: there is no class to learn</source>
            <translation>标签为空：没有可学习的类别</translation>
        </message>
        <message>
            <location filename="../../training/plan.py" line="127" />
            <source>Class {0}</source>
            <extracomment>{0}: v</extracomment>
            <translation>类别 {0}</translation>
        </message>
        <message>
            <location filename="../../training/semi_supervised.py" line="254" />
            <source>only {0} of the unlabelled voxels get a sure label</source>
            <extracomment>{0}: used (number)</extracomment>
            <translation>未标注的体素中只有 {0} 得到可靠的标签</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../training/semi_supervised.py" line="257" />
            <source>structures fill {0} of the unlabelled slices and {1} of the annotated ones</source>
            <extracomment>{0}: pseudo (number); {1}: annotated (number)</extracomment>
            <translation>结构在未标注层面中占 {0}，在已标注层面中占 {1}</translation>
            <extra-numbers>0 1</extra-numbers>
        </message>
        <message>
            <location filename="../../training/semi_supervised.py" line="263" />
            <source>count half from here on</source>
            <translation>此后权重减半</translation>
        </message>
        <message>
            <location filename="../../training/semi_supervised.py" line="263" />
            <source>are not used any more</source>
            <translation>不再使用</translation>
        </message>
        <message>
            <location filename="../../training/semi_supervised.py" line="264" />
            <source>Unlabelled slices {0}: {1}.</source>
            <extracomment>{0}: done; {1}: why</extracomment>
            <translation>未标注层面{0}：{1}。</translation>
        </message>
        <message>
            <location filename="../../training/tuning.py" line="75" />
            <source>others can be looked for with three annotated patients or more beside those that are held out</source>
            <translation>除留出的患者外，还需三名或更多已标注的患者才能寻找其他设置</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="3" />
            <location filename="../../resources/presets/volume_rendering.json" line="12" />
            <source>Soft tissue</source>
            <translation>软组织</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="4" />
            <location filename="../../resources/presets/volume_rendering.json" line="18" />
            <source>Lung</source>
            <translation>肺</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="5" />
            <location filename="../../resources/presets/volume_rendering.json" line="6" />
            <source>Bone</source>
            <translation>骨</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="6" />
            <source>Brain</source>
            <translation>脑</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="7" />
            <source>Abdomen</source>
            <translation>腹部</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="8" />
            <source>Mediastinum</source>
            <translation>纵隔</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="9" />
            <source>Liver</source>
            <translation>肝脏</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="10" />
            <source>Stroke</source>
            <translation>脑卒中</translation>
        </message>
        <message>
            <location filename="../../resources/presets/window_level.json" line="11" />
            <source>Angiography</source>
            <translation>血管造影</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="3" />
            <source>Bone and vessels</source>
            <translation>骨和血管</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="9" />
            <source>Vessels</source>
            <translation>血管</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="15" />
            <source>Skin</source>
            <translation>皮肤</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="21" />
            <source>Airways</source>
            <translation>气道</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="30" />
            <source>Translucent</source>
            <translation>半透明</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="33" />
            <source>Bright vessels</source>
            <translation>亮血管</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="41" />
            <source>MIP, hot metal</source>
            <translation>MIP（热金属）</translation>
        </message>
        <message>
            <location filename="../../resources/presets/volume_rendering.json" line="43" />
            <source>Hot spots</source>
            <translation>高摄取灶</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="5" />
            <source>Brain structures, head MR</source>
            <translation>脑结构（头部 MR）</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="6" />
            <source>29 structures of the brain on head MR, best on T1-weighted scans; learnt from synthetic images alone (SynthSeg's method). Not for diagnostic use.</source>
            <translation>在头部 MR 上分割 29 个脑结构，T1 加权像效果最佳；仅用合成图像训练（SynthSeg 方法）。非诊断用途。</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="15" />
            <source>Left cerebral white matter</source>
            <translation>左侧大脑白质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="30" />
            <source>Right cerebral white matter</source>
            <translation>右侧大脑白质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="45" />
            <source>Left cerebral cortex</source>
            <translation>左侧大脑皮质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="60" />
            <source>Right cerebral cortex</source>
            <translation>右侧大脑皮质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="75" />
            <source>Left lateral ventricle</source>
            <translation>左侧侧脑室</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="90" />
            <source>Right lateral ventricle</source>
            <translation>右侧侧脑室</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="105" />
            <source>Left cerebellar white matter</source>
            <translation>左侧小脑白质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="120" />
            <source>Right cerebellar white matter</source>
            <translation>右侧小脑白质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="135" />
            <source>Left cerebellar cortex</source>
            <translation>左侧小脑皮质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="150" />
            <source>Right cerebellar cortex</source>
            <translation>右侧小脑皮质</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="165" />
            <source>Left thalamus</source>
            <translation>左侧丘脑</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="180" />
            <source>Right thalamus</source>
            <translation>右侧丘脑</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="195" />
            <source>Left caudate nucleus</source>
            <translation>左侧尾状核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="210" />
            <source>Right caudate nucleus</source>
            <translation>右侧尾状核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="225" />
            <source>Left putamen</source>
            <translation>左侧壳核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="240" />
            <source>Right putamen</source>
            <translation>右侧壳核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="255" />
            <source>Left globus pallidus</source>
            <translation>左侧苍白球</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="270" />
            <source>Right globus pallidus</source>
            <translation>右侧苍白球</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="285" />
            <source>Left hippocampus</source>
            <translation>左侧海马</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="300" />
            <source>Right hippocampus</source>
            <translation>右侧海马</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="315" />
            <source>Left amygdala</source>
            <translation>左侧杏仁核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="330" />
            <source>Right amygdala</source>
            <translation>右侧杏仁核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="345" />
            <source>Left nucleus accumbens</source>
            <translation>左侧伏隔核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="360" />
            <source>Right nucleus accumbens</source>
            <translation>右侧伏隔核</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="375" />
            <source>Left ventral diencephalon</source>
            <translation>左侧腹侧间脑</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="390" />
            <source>Right ventral diencephalon</source>
            <translation>右侧腹侧间脑</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="405" />
            <source>Third ventricle</source>
            <translation>第三脑室</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="420" />
            <source>Fourth ventricle</source>
            <translation>第四脑室</translation>
        </message>
        <message>
            <location filename="../../resources/models/brain-structures-mr/manifest.json" line="435" />
            <source>Brainstem</source>
            <translation>脑干</translation>
        </message>
        <message>
            <location filename="../../resources/models/hippocampus-mr/manifest.json" line="5" />
            <source>Hippocampus, head MR</source>
            <translation>海马，头部 MR</translation>
        </message>
        <message>
            <location filename="../../resources/models/hippocampus-mr/manifest.json" line="6" />
            <source>Anterior and posterior hippocampus on T1-weighted MR about the hippocampus.</source>
            <translation>T1 加权 MR 上海马周围的海马前部与后部。</translation>
        </message>
        <message>
            <location filename="../../resources/models/hippocampus-mr/manifest.json" line="15" />
            <source>Anterior hippocampus</source>
            <translation>海马前部</translation>
        </message>
        <message>
            <location filename="../../resources/models/hippocampus-mr/manifest.json" line="30" />
            <source>Posterior hippocampus</source>
            <translation>海马后部</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>No such file or directory</source>
            <translation>没有这个文件或文件夹</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Permission denied</source>
            <translation>没有权限</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Operation not permitted</source>
            <translation>操作不被允许</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>No space left on device</source>
            <translation>磁盘空间已满</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Read-only file system</source>
            <translation>文件系统为只读</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Is a directory</source>
            <translation>这是一个文件夹</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Not a directory</source>
            <translation>不是文件夹</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>File exists</source>
            <translation>文件已存在</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Input/output error</source>
            <translation>输入/输出错误</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Too many open files</source>
            <translation>打开的文件过多</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>File name too long</source>
            <translation>文件名过长</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Disk quota exceeded</source>
            <translation>超出磁盘配额</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>File too large</source>
            <translation>文件过大</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Device or resource busy</source>
            <translation>设备或资源正忙</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Cannot allocate memory</source>
            <translation>无法分配内存</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Stale file handle</source>
            <translation>文件句柄已失效</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Too many levels of symbolic links</source>
            <translation>符号链接层级过多</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Invalid argument</source>
            <translation>无效参数</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>Connection timed out</source>
            <translation>连接超时</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>No such device or address</source>
            <translation>没有这个设备或地址</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>No such device</source>
            <translation>没有这个设备</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>database or disk is full</source>
            <translation>数据库或磁盘已满</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>attempt to write a readonly database</source>
            <translation>数据库为只读，无法写入</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>disk I/O error</source>
            <translation>磁盘读写错误</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>database is locked</source>
            <translation>数据库被占用</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>unable to open database file</source>
            <translation>无法打开数据库文件</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>database disk image is malformed</source>
            <translation>数据库文件已损坏</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>file is not a database</source>
            <translation>文件不是数据库</translation>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>[Errno {0}] {1}</source>
            <extracomment>{0}: errno (number); {1}: strerror</extracomment>
            <translation>[Errno {0}] {1}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
        <message>
            <location filename="../../packaging/sentences.py" line="1" />
            <source>[Errno {0}] {1}: {2}</source>
            <extracomment>{0}: errno (number); {1}: strerror; {2}: filename</extracomment>
            <translation>[Errno {0}] {1}：{2}</translation>
            <extra-numbers>0</extra-numbers>
        </message>
    </context>
</TS>
